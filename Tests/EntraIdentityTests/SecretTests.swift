import Foundation
import HTTPStandIns
import Primitives
import Testing

@testable import EntraIdentity

/// Secrets and tokens are redacted when printed, and the files that hold them are private.
@Suite struct SecretTests {
    @Test func secretIsRedactedWhenPrinted() {
        let secret = Secret("hunter2")
        let token = AccessToken("hunter2")
        let flow = EntraTokenProvider.Flow.password(username: "ann", password: secret, clientSecret: secret)
        var text = "\(secret) \(String(reflecting: secret)) \(token) \(String(reflecting: token)) \(flow)"
        for value in [secret as Any, token, flow, Optional(token) as Any, ["x": secret]] { dump(value, to: &text) }
        #expect(!text.contains("hunter2"))
        #expect(text.contains("REDACTED"))
    }

    @Test func privateFileIsReplacedWithoutLeftovers() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/file"
            try "old".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            try PrivateFile(path).replace(with: "new")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            #expect(try RefreshTokenTests.permissions(path) == 0o600)
            try FileManager.default.createDirectory(atPath: folder + "/taken", withIntermediateDirectories: true)
            #expect(throws: FileSystemError.self) { try PrivateFile(folder + "/taken").replace(with: "x") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["file", "taken"])
        }
    }
}
