public import Foundation
import NIOCore
import NIOPosix
public import Primitives

/// A file with the newest refresh token of an account, replaced atomically and readable by its owner only. A sign-in saves to
/// it, and `EntraTokenProvider` reads from it and saves newer tokens.
public struct RefreshTokenFile: Sendable, Hashable {
    /// The file's path.
    public let path: String

    /// Names a file; nothing is read or written yet.
    public init(path: String) {
        self.path = path
    }

    /// Saves the refresh token of a sign-in, so that a worker that runs with this file uses it next.
    ///
    /// - Parameters:
    ///   - token: The refresh token.
    ///   - configured: The configured token, if there is one: the saved token replaces it until the configured one changes.
    ///   - time: When the person signed in.
    /// - Throws: ``RefreshTokenNotSaved``; the file is unchanged.
    public func save(_ token: Secret, inPlaceOf configured: Secret?, signedIn time: Date) async throws {
        let configuredToken = (try? configured?.read()).flatMap { $0.isEmpty ? nil : SavedRefreshToken($0)?.token }
        let saved = SavedRefreshToken(
            token: try token.read(),
            basis: configuredToken.map(SavedRefreshToken.digest),
            issued: time,
            signedIn: time
        )
        try await blocking { try Self.replace(path, with: saved.text) }
    }

    /// Saves the token without metadata, for a file that a secret is created from.
    ///
    /// - Throws: ``RefreshTokenNotSaved``; the file is unchanged.
    public func save(alone token: Secret) async throws {
        let text = try token.read()
        try await blocking { try Self.replace(path, with: text) }
    }

    /// Checks whether a token can be saved and read again, without changing the file.
    ///
    /// - Throws: ``RefreshTokenNotSaved``.
    public func check() async throws {
        try await blocking {
            let file = PrivateFile(path)
            do throws(FileSystemError) {
                try file.checkReplaceable()
                try file.checkReadable()
                try file.checkRoom(for: Self.checkedSize)
            } catch {
                throw RefreshTokenNotSaved(path: path, step: error.step, errno: error.number)
            }
        }
    }

    /// The size of the trial file, in bytes. It exceeds a saved token's, so that a full disk is found before a person signs in.
    static let checkedSize = 8 * 1024

    /// Identifies the sign-in that a file's content came from. The mark changes when a person signs in or puts a token into
    /// the file, and stays when a program saves a token that replaces the one before. Empty where no person was involved,
    /// and for a file without a token.
    public static func signInMark(of content: String) -> String {
        let text = content.trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? "" : SavedRefreshToken(text)?.signInMark ?? ""
    }

    private func blocking(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await NIOSingletons.posixBlockingThreadPool.runIfActive(body)
    }

    static func replace(_ path: String, with text: String) throws(RefreshTokenNotSaved) {
        do throws(FileSystemError) {
            try PrivateFile(path).replace(with: text)
        } catch {
            throw RefreshTokenNotSaved(path: path, step: error.step, errno: error.number)
        }
    }
}

/// The error of a refresh token that could not be saved: it is lost when the program ends.
public struct RefreshTokenNotSaved: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// The step that failed, for example `open` or `rename`.
    public let step: String
    /// The system's error number.
    public let errno: Int32

    /// No file is configured: newer tokens are kept in memory only.
    static let noFile = RefreshTokenNotSaved(path: "", step: "none", errno: 0)

    /// What failed, why, and what to do.
    public var description: String {
        guard !path.isEmpty else {
            return "The refresh token cannot be saved: no file is configured. Name a file in a persistent folder."
        }
        return "The refresh token cannot be saved in \(path): \(cause). \(remedy)"
    }

    private var cause: String {
        let text = String(cString: strerror(errno))
        return switch step {
        case "type": errno == EISDIR ? "it is a folder" : "it is not a regular file"
        case "read": "the file exists and cannot be read: \(text)"
        default: "\(step): \(text)"
        }
    }

    private var remedy: String {
        switch (step, errno) {
        case ("type", EISDIR): "Name a file in it."
        case ("type", _): "Name a regular file, or one that does not exist yet."
        case ("read", _): "Change the file's owner to the user that the worker runs as, or remove the file."
        case (_, EACCES), (_, EPERM), (_, EROFS): "Name a file in a persistent folder that this user may write to."
        case (_, ENOENT), (_, ENOTDIR): "Create the folder, or name another file."
        case (_, ENOSPC), (_, EDQUOT): "Free space on the disk, or name a file on another disk."
        case (_, EBUSY):
            "The file is a mount point of its own, and such a file cannot be replaced: mount its folder instead."
        default: "Name another file, or repair the file system."
        }
    }
}

/// The age and the storage of an account's refresh token, which the worker reports in metrics and health.
public struct RefreshTokenStatus: Sendable, Hashable {
    /// When it was last used or issued: it expires when it is not used for too long.
    public var lastUsed: Date
    /// When the person signed in; nil if unknown.
    public var signedIn: Date?
    /// The file that the newest token is saved in; nil where it is kept in memory only.
    public var savedIn: String?
    /// Why the token in the file cannot be used; nil when it can, and where there is no file.
    public var savedUnusable: SecretUnavailable?
    /// Why the newest token is not saved; nil when it is saved.
    public var notSaved: RefreshTokenNotSaved?
    /// How often saving failed.
    public var saveFailures = 0
    /// Whether ``lastUsed`` is known; otherwise it is an estimate.
    var isAgeKnown = false

    /// How long a refresh token is valid after its last use.
    public static let lifetime = Duration.seconds(90 * 86_400)
}
