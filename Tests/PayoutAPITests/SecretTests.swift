import Foundation
import Testing

@testable import PayoutAPI

@Suite struct SecretTests {
    @Test func secretsNeverPrint() {
        let secret = Secret("hunter2")
        let token = AccessToken("hunter2")
        let flow = AzureADTokenProvider.Flow.password(username: "ann", password: secret, clientSecret: secret)
        var text = "\(secret) \(String(reflecting: secret)) \(token) \(String(reflecting: token)) \(flow)"
        for value in [secret as Any, token, flow, Optional(token) as Any, ["x": secret]] { dump(value, to: &text) }
        #expect(!text.contains("hunter2"))
        #expect(text.contains("REDACTED"))
    }

    @Test func filesAreReadAgainWhenTheyHaveChanged() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/secret"
            let secret = Secret.file(path)
            #expect(throws: SecretUnavailable(path: path, problem: .unreadable)) { try secret.read() }
            try " one \n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try secret.read() == "one")
            try "two".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try secret.read() == "two")
            // The same length, written in place.
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.write(contentsOf: Data("six".utf8))
            try handle.close()
            #expect(try secret.read() == "six")
            try "\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: SecretUnavailable(path: path, problem: .empty)) { try secret.read() }
            try String(repeating: "x", count: 70_000).write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: SecretUnavailable(path: path, problem: .tooBig)) { try secret.read() }
        }
    }

    @Test func aFileIsReplacedWholeOrNotAtAll() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/file"
            try "old".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            try replacePrivateFile(at: path, with: "new")
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
            #expect(try RefreshTokenTests.permissions(path) == 0o600)
            try FileManager.default.createDirectory(atPath: folder + "/taken", withIntermediateDirectories: true)
            #expect(throws: FileReplacementError.self) { try replacePrivateFile(at: folder + "/taken", with: "x") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["file", "taken"])
        }
    }

    @Test func formsAreEncodedStrictly() {
        #expect(formBody([("a b", "1&2=3+4 %é~-._*'")]) == "a%20b=1%262%3D3%2B4%20%25%C3%A9~-._%2A%27")
    }
}
