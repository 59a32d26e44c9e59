import Foundation
import Synchronization

/// A secret, given as a value or as the path of a file that holds it.
///
/// A file is read again whenever it has changed, so a rotated secret takes effect without a restart. White space and
/// line breaks around a file's content are not part of the secret.
public final class Secret: Sendable {
    enum Source: Sendable {
        case value(String)
        case file(String)
    }

    private struct Cached {
        var signature: FileSignature
        var value: String
    }

    let source: Source
    private let cached = Mutex<Cached?>(nil)

    /// A secret that is known already.
    public init(_ value: String) {
        self.source = .value(value)
    }

    private init(file path: String) {
        self.source = .file(path)
    }

    /// A secret in a file. Nothing is read yet.
    ///
    /// - Parameter path: The file's path.
    public static func file(_ path: String) -> Secret {
        Secret(file: path)
    }

    /// The file's path, if the secret is in one.
    public var filePath: String? {
        if case .file(let path) = self.source { return path }
        return nil
    }

    /// The secret itself. Reads the file if it has changed since the last time.
    ///
    /// - Throws: ``SecretUnavailable`` when the file cannot be read or is empty.
    public func read() throws(SecretUnavailable) -> String {
        switch self.source {
        case .value(let value):
            return value
        case .file(let path):
            return try self.readFile(path)
        }
    }

    private func readFile(_ path: String) throws(SecretUnavailable) -> String {
        guard let signature = FileSignature(path: path) else {
            throw SecretUnavailable(path: path, problem: .unreadable)
        }
        if let cached = self.cached.withLock({ $0 }), cached.signature == signature { return cached.value }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SecretUnavailable(path: path, problem: .unreadable)
        }
        guard data.count <= Self.maximumFileSize else { throw SecretUnavailable(path: path, problem: .tooBig) }
        let value = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !value.isEmpty else { throw SecretUnavailable(path: path, problem: .empty) }
        self.cached.withLock { $0 = Cached(signature: signature, value: value) }
        return value
    }

    private static let maximumFileSize = 64 * 1024
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
    }

    /// The file's path.
    public let path: String
    /// What is wrong with it.
    public let problem: Problem

    /// What happened and what to do.
    public var description: String {
        switch self.problem {
        case .unreadable: "The secret file \(self.path) cannot be read. Check that it exists and who may read it."
        case .empty: "The secret file \(self.path) is empty. Write the secret into it."
        case .tooBig: "The secret file \(self.path) is larger than 64 KiB. Check that the path is right."
        }
    }
}
