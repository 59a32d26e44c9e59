import Foundation
import Synchronization

/// Knows which refresh token is the one to use: the configured one, or one that the identity platform has handed out
/// in its place.
///
/// The newest token is written to a file where the configuration names one: the file that the configured token came
/// from, or another. A token that an operator puts in place of the configured one wins over what was handed out.
final class RefreshTokenStore: Sendable {
    private struct Rotated {
        var token: String
        /// The configured token in whose place it was handed out.
        var basis: String
    }

    private let configured: Secret
    private let saved: Secret?
    /// Where new tokens are written; nil keeps them in memory only.
    let path: String?
    private let rotated = Mutex<Rotated?>(nil)

    /// - Parameters:
    ///   - configured: The token that the configuration names.
    ///   - savedIn: A file for new tokens, if it is not the configured token's own.
    init(configured: Secret, savedIn: String?) {
        let savedIn = savedIn == configured.filePath ? nil : savedIn
        self.configured = configured
        self.saved = savedIn.map { Secret.file($0) }
        self.path = savedIn ?? configured.filePath
    }

    /// The tokens to try, the likeliest first, none twice.
    ///
    /// - Throws: ``SecretUnavailable`` when there is none at all.
    func candidates() throws(SecretUnavailable) -> [String] {
        var candidates: [String] = []
        // The file for new tokens need not exist yet, and the configured one may be gone once it does.
        let saved = try? self.saved?.read()
        let configured: String
        do throws(SecretUnavailable) {
            configured = try self.configured.read()
        } catch {
            guard let saved else { throw error }
            return [saved]
        }
        if let rotated = self.rotated.withLock({ $0 }), rotated.basis == configured { candidates.append(rotated.token) }
        for token in [saved, configured].compactMap(\.self) where !candidates.contains(token) {
            candidates.append(token)
        }
        return candidates
    }

    /// Uses a new token from now on and writes it to the file, if there is one.
    ///
    /// - Returns: Why the file could not be written; the token is used all the same.
    func rotate(to token: String) -> FileReplacementError? {
        let basis = (try? self.configured.read()) ?? token
        self.rotated.withLock { $0 = Rotated(token: token, basis: basis) }
        guard let path = self.path else { return nil }
        do throws(FileReplacementError) {
            // The file may be a link into a volume; the link is to stay.
            let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            try replacePrivateFile(at: target, with: token)
        } catch {
            return error
        }
        // Written to the configured token's own file, the new token is the configured one from here on.
        if self.saved == nil { self.rotated.withLock { $0 = nil } }
        return nil
    }
}
