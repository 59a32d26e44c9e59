import NIOCore
import Primitives
import Testing

@testable import PayoutAPI

/// The forms of error bodies.
@Suite struct ServiceErrorTests {
    static func read(_ body: String, secrets: [String] = []) -> ServiceError? {
        ServiceError(body: ByteBuffer(string: body), secrets: secrets)
    }

    @Test func nestedErrorIsRead() {
        for inner in ["innerError", "innererror", "InnerError"] {
            let body = """
                {"error":{"code":"invalidRequest","message":"Bad filter","target":"$filter",\
                "\(inner):":1,"\(inner)":{"code":"badArgument","\(inner)":{"code":"unknownField","message":"deep"}}}}
                """
            #expect(
                Self.read(body)
                    == ServiceError(
                        code: "invalidRequest",
                        message: "Bad filter",
                        target: "$filter",
                        innerCodes: ["badArgument", "unknownField"]
                    )
            )
        }
    }

    @Test func flatErrorIsRead() {
        #expect(
            Self.read(#"{"code":900001,"description":"No","data":[1],"source":"PayoutService"}"#)
                == ServiceError(code: "900001", message: "No", target: "PayoutService")
        )
        #expect(Self.read(#"{"Message":"Authorization has been denied"}"#)?.message == "Authorization has been denied")
        #expect(Self.read(#"{"title":"Bad","detail":"Worse","status":400}"#)?.message == "Worse")
    }

    @Test(arguments: ["", " \r\n", "{}", "[]", "null", #"{"error":{}}"#, #"{"other":1}"#])
    func emptyBodyIsNoError(body: String) {
        let error = Self.read(body)
        #expect(error == nil || error?.code == nil)
    }

    @Test func titleOfAPageIsTheMessage() {
        let page = "<!DOCTYPE html><html><head><title>502\n Bad  Gateway</title></head><body>x</body></html>"
        #expect(Self.read(page)?.message == "502 Bad Gateway")
        #expect(Self.read("<html>nothing</html>")?.message == "the body is a page without a title")
        #expect(Self.read("upstream connect error")?.message == "upstream connect error")
        #expect(Self.read("<Error><Code>BlobNotFound</Code></Error>")?.code == "BlobNotFound")
    }

    @Test func longTextsAreTruncatedToALine() throws {
        let long = String(repeating: "x y\n", count: 5000)
        let message = try #require(
            Self.read("{\"error\":{\"message\":\"\(long.replacing("\n", with: "\\n"))\"}}")?.message
        )
        #expect(message.count <= Redaction.maximumLength + 1)
        #expect(!message.contains("\n"))
        let inner = String(repeating: #"{"innerError":"#, count: 5000)
        #expect((Self.read(inner)?.innerCodes.count ?? 0) <= 8)
    }

    @Test func secretsAreRedacted() throws {
        let body = """
            {"error":{"code":"x","message":"token s3cr3t-tok and s3cr3t%2Dtok, Bearer abc.def, \
            eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig, https://a/b?sv=1&sig=abc%3D&x=1 password=hunter2"}}
            """
        let message = try #require(Self.read(body, secrets: ["s3cr3t-tok"])?.message)
        for secret in ["s3cr3t-tok", "abc.def", "hbGciOi", "abc%3D", "hunter2"] {
            #expect(!message.contains(secret), "\(message)")
        }
        #expect(message.contains("&x=1"))
    }

    @Test func characterOfManyScalarsIsTruncated() throws {
        let huge = "e" + String(repeating: "\u{301}", count: 6_000)
        let body = ByteBuffer(string: #"{"error":{"code":"\#(huge)","message":"before \#(huge) after"}}"#)
        let error = try #require(ServiceError(body: body, secrets: []))
        #expect(error.code?.utf8.count ?? 0 < 200)
        #expect(error.message == "before \u{FFFD} after")
    }
}
