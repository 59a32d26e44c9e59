import Crypto
import EntraIdentity
import Foundation
import PayoutAPI
import Primitives

/// Detects changes of secret files and the accounts that they affect. Reads files, which may block.
///
/// A saved refresh token counts as changed only if it comes from another sign-in: workers that share the file replace the
/// token all the time, and each of them can continue with its access token.
struct SecretWatch {
    private var signatures: [String: String] = [:]

    /// Records the current content of the files as known.
    mutating func remember(_ accounts: [AccountConfiguration]) {
        signatures = Self.signatures(of: accounts)
    }

    /// The files that have changed since the last call, and the accounts that must sign in with them.
    ///
    /// - Parameter tokens: The accounts' token providers. A token that a provider has saved itself is not a change.
    mutating func changes(
        _ accounts: [AccountConfiguration],
        _ tokens: [String: EntraTokenProvider]
    ) -> (files: Set<String>, accounts: [AccountConfiguration]) {
        let now = Self.signatures(of: accounts)
        let before = signatures
        signatures = now
        guard now != before else { return ([], []) }
        let saved = Self.savedPaths(of: accounts)
        let changed = Set(now.keys).union(before.keys).filter { path in
            // A saved token without a sign-in comes from the configured token, which has a file of its own or none.
            now[path] != before[path] && !(saved.contains(path) && now[path] == "")
        }
        let affected = accounts.filter { account in
            account.secretPaths.contains { changed.contains($0) && !Self.isOwn($0, tokens[account.name]) }
        }
        return (changed, affected)
    }

    private static func isOwn(_ path: String, _ tokens: EntraTokenProvider?) -> Bool {
        content(path).map { tokens?.wroteRefreshToken(String(decoding: $0, as: UTF8.self)) ?? false } ?? false
    }

    /// A signature of each file's content; empty if the file is unreadable.
    private static func signatures(of accounts: [AccountConfiguration]) -> [String: String] {
        let saved = savedPaths(of: accounts)
        var signatures: [String: String] = [:]
        for path in Set(accounts.flatMap(\.secretPaths)) {
            guard let data = content(path) else {
                signatures[path] = ""
                continue
            }
            signatures[path] =
                saved.contains(path)
                ? RefreshTokenFile.signInMark(of: String(decoding: data, as: UTF8.self))
                : SHA256.hash(data: data).description
        }
        return signatures
    }

    /// The files that contain only saved refresh tokens.
    private static func savedPaths(of accounts: [AccountConfiguration]) -> Set<String> {
        Set(accounts.compactMap(\.savedRefreshToken)).subtracting(accounts.flatMap(\.secrets).compactMap(\.filePath))
    }

    /// Secret files are small. The limit bounds memory if the path names something else.
    private static func content(_ path: String) -> Data? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        return try? handle.read(upToCount: 64 * 1_024) ?? Data()
    }
}

extension AccountConfiguration {
    /// The files that contain its secrets.
    var secretPaths: [String] { secrets.compactMap(\.filePath) + [savedRefreshToken].compactMap(\.self) }
}
