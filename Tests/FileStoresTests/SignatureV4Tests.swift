import Primitives
import Testing

@testable import FileStores

/// The published examples: AWS's Signature Version 4 test suite, and "Examples: Signature Calculations in AWS Signature
/// Version 4" of the S3 API reference.
@Suite("Signature Version 4")
struct SignatureV4Tests {
    private static let suite = SignatureV4(
        accessKeyID: "AKIDEXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        region: "us-east-1",
        service: "service"
    )
    private static let s3 = SignatureV4(
        accessKeyID: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region: "us-east-1",
        service: "s3"
    )
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private func suiteSignature(_ method: String, _ query: [(name: String, value: String)] = []) -> String {
        Self.suite.authorization(
            for: SignatureV4.Request(
                method: method,
                path: "/",
                query: query,
                headers: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")],
                payloadHash: Self.empty,
                timestamp: "20150830T123600Z"
            )
        )
    }

    @Test func getVanilla() {
        #expect(
            suiteSignature("GET")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        )
    }

    @Test func postVanilla() {
        let signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        #expect(suiteSignature("POST").hasSuffix("Signature=" + signature))
    }

    @Test func getVanillaQueryOrderKeyCase() {
        let signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        #expect(suiteSignature("GET", [("Param2", "value2"), ("Param1", "value1")]).hasSuffix(signature))
    }

    @Test func canonicalRequestOfGetVanilla() {
        let request = SignatureV4.Request(
            method: "GET",
            path: "",
            headers: [("X-Amz-Date", "20150830T123600Z"), ("Host", "  example.amazonaws.com ")],
            payloadHash: Self.empty,
            timestamp: "20150830T123600Z"
        )
        let canonical = SignatureV4.canonical(request)
        #expect(
            canonical
                == "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n" + Self.empty
        )
        #expect(
            sha256Hexadecimal(Array(canonical.utf8))
                == "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"
        )
    }

    private func s3Signature(
        _ method: String,
        _ path: String,
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        payloadHash: String = empty
    ) -> String {
        let common = [
            (name: "host", value: "examplebucket.s3.amazonaws.com"), (name: "x-amz-content-sha256", value: payloadHash),
            (name: "x-amz-date", value: "20130524T000000Z"),
        ]
        let authorization = Self.s3.authorization(
            for: SignatureV4.Request(
                method: method,
                path: path,
                query: query,
                headers: headers + common,
                payloadHash: payloadHash,
                timestamp: "20130524T000000Z"
            )
        )
        return String(authorization.suffix(64))
    }

    @Test func s3GetObject() {
        #expect(
            s3Signature("GET", "/test.txt", headers: [("Range", "bytes=0-9")])
                == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        )
    }

    @Test func s3PutObject() {
        let signature = s3Signature(
            "PUT",
            "/" + "test$file.text".percentEncodedPath(),
            headers: [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            payloadHash: sha256Hexadecimal(Array("Welcome to Amazon S3.".utf8))
        )
        #expect(signature == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")
    }

    @Test func s3GetBucketLifecycle() {
        #expect(
            s3Signature("GET", "/", query: [("lifecycle", "")])
                == "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        )
    }

    @Test func s3ListObjects() {
        #expect(
            s3Signature("GET", "/", query: [("prefix", "J"), ("max-keys", "2")])
                == "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        )
    }
}
