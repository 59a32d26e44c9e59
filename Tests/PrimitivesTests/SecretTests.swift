import Foundation
import Primitives
import Testing

@Suite("Secrets and redaction")
struct SecretTests {
    @Test("A secret never prints")
    func neverPrints() {
        let secret = Secret("hunter2")
        var text = "\(secret) \(String(reflecting: secret))"
        for value in [secret as Any, Optional(secret) as Any, ["x": secret]] { dump(value, to: &text) }
        #expect(!text.contains("hunter2"))
        #expect(text.contains("REDACTED"))
    }

    @Test("A file is read again when it has changed")
    func changedFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("primitives-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/secret"
        let secret = Secret.file(path)
        #expect(secret.filePath == path)
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
        #expect(SmallFile.beginning(of: path, limit: 3) == Array("xxx".utf8))
        #expect(SmallFile.contents(of: path) == nil)
        try Data([0x61, 0xFF]).write(to: URL(filePath: path))
        #expect(throws: SecretUnavailable(path: path, problem: .notText)) { try secret.read() }
        #expect(SmallFile.contents(of: path) == [0x61, 0xFF])
        #expect(SmallFile.beginning(of: folder, limit: 3) == nil)
    }

    @Test("Secrets are equal by value or by file")
    func equality() {
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
        #expect(Secret.file("a") == Secret.file("a"))
        #expect(Secret.file("a") != Secret("a"))
    }

    @Test("What is known or looks like a secret is taken out")
    func scrubs() {
        let text = """
            token s3cr3t-tok and s3cr3t%2Dtok, Bearer abc.def, eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig, \
            https://a/b?sv=1&sig=abc%3D&x=1 password=hunter2
            """
        let scrubbed = Redaction.scrub(text, secrets: ["s3cr3t-tok", "s3cr3t%2Dtok"])
        for secret in ["s3cr3t-tok", "s3cr3t%2Dtok", "abc.def", "hbGciOi", "abc%3D", "hunter2"] {
            #expect(!scrubbed.contains(secret), "\(scrubbed)")
        }
        #expect(scrubbed.contains("&x=1"))
        #expect(Redaction.scrub("p&w+1 is p%26w%2B1", secrets: ["p&w+1"]) == "REDACTED is REDACTED")
    }

    @Test("A combining character after a secret does not hide it")
    func combiningCharacters() {
        let scrubbed = Redaction.scrub("it was s3cr3t\u{301}!", secrets: ["s3cr3t"])
        #expect(!scrubbed.utf8.elementsEqual("it was s3cr3t\u{301}!".utf8))
        #expect(scrubbed.unicodeScalars.elementsEqual("it was REDACTED\u{301}!".unicodeScalars))
    }

    @Test("Text is bounded to one line without control characters")
    func bounds() {
        #expect(Redaction.bounded("  a \n\t b\u{0} ") == "a b")
        let long = Redaction.bounded(String(repeating: "x", count: 5_000))
        #expect(long == String(repeating: "x", count: Redaction.maximumLength) + "…")
        #expect(Redaction.bounded("a" + String(repeating: "\u{301}", count: 200)) == "\u{FFFD}")
    }

    @Test("Words of a response are passed on in the form of a code, an id or a region only")
    func responseWords() {
        #expect(ResponseWord.code("AuthenticationFailed") == "AuthenticationFailed")
        #expect(ResponseWord.code("invalid_client.2") == "invalid_client.2")
        #expect(
            ResponseWord.requestID("93c2b3cf-c6d8-4e7e-ade1-007768a6eba4") == "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4"
        )
        #expect(ResponseWord.region("eu-central-1") == "eu-central-1")
        for text in ["sig=abc", "a b", "ö", String(repeating: "a", count: 65)] {
            #expect(ResponseWord.code(text) == "REDACTED")
            #expect(ResponseWord.requestID(text) == "REDACTED")
            #expect(ResponseWord.region(text) == "REDACTED")
        }
        #expect(ResponseWord.requestID("sg5HlwzXOBjBEUgyqPCgOgqhJvkeQ1b0yrCBHXJNB9o=") == "REDACTED")
        #expect(ResponseWord.code(nil) == nil)
        #expect(ResponseWord.code("") == nil)
    }
}
