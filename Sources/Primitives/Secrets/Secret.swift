import Synchronization

/// A secret, given as a value or as the path of a file that holds it.
///
/// A file is read again whenever it has changed, so a rotated secret takes effect without a restart. White space and
/// line breaks around a file's content are not part of the secret.
public final class Secret: Sendable {
    private enum Source: Hashable {
        case value(String)
        case file(String)
    }

    private struct Cached {
        var signature: FileSignature
        var value: String
    }

    private let source: Source
    private let cached = Mutex<Cached?>(nil)

    /// A secret that is known already.
    public init(_ value: String) {
        source = .value(value)
    }

    private init(file path: String) {
        source = .file(path)
    }

    /// A secret in a file. Nothing is read yet.
    ///
    /// - Parameter path: The file's path.
    public static func file(_ path: String) -> Secret {
        Secret(file: path)
    }

    /// The file's path, if the secret is in one.
    public var filePath: String? {
        if case .file(let path) = source { return path }
        return nil
    }

    /// The secret it Reads the file if it has changed since the last time, which may block.
    ///
    /// - Throws: ``SecretUnavailable`` when the file cannot be read or is empty.
    public func read() throws(SecretUnavailable) -> String {
        switch source {
        case .value(let value):
            return value
        case .file(let path):
            return try readFile(path)
        }
    }

    private func readFile(_ path: String) throws(SecretUnavailable) -> String {
        guard let signature = FileSignature(path: path) else {
            throw SecretUnavailable(path: path, problem: .unreadable)
        }
        if let cached = cached.withLock({ $0 }), cached.signature == signature { return cached.value }
        guard let bytes = SmallFile.beginning(of: path, limit: SmallFile.maximumSize + 1) else {
            throw SecretUnavailable(path: path, problem: .unreadable)
        }
        guard bytes.count <= SmallFile.maximumSize else { throw SecretUnavailable(path: path, problem: .tooBig) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw SecretUnavailable(path: path, problem: .notText)
        }
        let value = text.trimmingWhitespace()
        guard !value.isEmpty else { throw SecretUnavailable(path: path, problem: .empty) }
        cached.withLock { $0 = Cached(signature: signature, value: value) }
        return value
    }
}

extension Secret: Hashable {
    /// Whether two secrets have the same value, or the same file.
    public static func == (left: Secret, right: Secret) -> Bool { left.source == right.source }

    /// Hashes the value or the path.
    public func hash(into hasher: inout Hasher) { hasher.combine(source) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Never the secret.
    public var description: String { Redaction.mark }
    /// Never the secret.
    public var debugDescription: String { Redaction.mark }
    /// Nothing to see for `dump`.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A secret's file cannot be used.
public struct SecretUnavailable: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with the file.
    public enum Problem: String, Sendable, Hashable {
        /// It is not there or may not be read.
        case unreadable
        /// There is nothing in it.
        case empty
        /// It is larger than any secret: 64 KiB.
        case tooBig
        /// It is not UTF-8.
        case notText
        /// It is a saved refresh token's file, and what it holds is not a refresh token.
        case corrupt
    }

    /// The file's path.
    public let path: String
    /// What is wrong with it.
    public let problem: Problem

    /// Makes an error.
    public init(path: String, problem: Problem) {
        self.path = path
        self.problem = problem
    }

    /// What happened and what to do.
    public var description: String {
        switch problem {
        case .unreadable: "The secret file \(path) cannot be read. Check that it exists and who may read it."
        case .empty: "The secret file \(path) is empty. Write the secret into it."
        case .tooBig: "The secret file \(path) is larger than 64 KiB. Check that the path is right."
        case .notText: "The secret file \(path) is not text in UTF-8. Check that the path is right."
        case .corrupt:
            "The file \(path) is corrupt: it holds no refresh token. Sign in again, or remove the file."
        }
    }
}
