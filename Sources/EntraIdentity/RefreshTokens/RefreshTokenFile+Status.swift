import Foundation
import NIOCore
import NIOPosix
import Primitives

extension RefreshTokenFile {
    /// Reads the age of the saved token; no request is sent.
    ///
    /// - Returns: The status; nil where there is no file.
    /// - Throws: `SecretUnavailable` when the file cannot be read or holds no token.
    public func status() async throws -> RefreshTokenStatus? {
        let path = path
        return try await NIOSingletons.posixBlockingThreadPool.runIfActive { try Self.status(path) }
    }

    private static func status(_ path: String) throws -> RefreshTokenStatus? {
        // The file may be a link into a volume; the link's own time is not the token's.
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let attributes: [FileAttributeKey: Any]
        do {
            attributes = try FileManager.default.attributesOfItem(atPath: target)
        } catch CocoaError.fileReadNoSuchFile {
            return nil
        } catch {
            throw SecretUnavailable(path: path, problem: .unreadable)
        }
        guard let saved = SavedRefreshToken(try Secret.file(target).read()) else {
            throw SecretUnavailable(path: path, problem: .corrupt)
        }
        // A file with the token alone does not state when it was issued.
        guard let issued = saved.issued ?? attributes[.modificationDate] as? Date else { return nil }
        return RefreshTokenStatus(lastUsed: issued, signedIn: saved.signedIn, savedIn: path)
    }
}
