import HTTPAccess
import NIOCore
import NIOHTTP1
import Primitives
import StoreStandIns
import Testing

@testable import FileStores

/// A secret that a store echoes in its response must not appear in an error.
@Suite("Response texts in errors")
struct StoreResponseTextTests {
    private let time = TestClock()
    private static let signature = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0cw%3D%3D"

    private func azure(_ wire: ScriptedWire, _ change: (inout AzureBlobConfiguration) -> Void) throws
        -> AzureBlobFileStore
    {
        var configuration = AzureBlobConfiguration()
        change(&configuration)
        return try AzureBlobFileStore("azblob://finance/exports", configuration, wire.wire, time.clock)
    }

    @Test(arguments: [
        "sv=2021&sig=\(signature)", signature, "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0cw==", "secretsecret",
        "sig%3Dsecretsecret",
    ])
    func signatureEchoedByAzureIsRedacted(echo: String) async throws {
        let sas = echo.contains("secretsecret") ? "secretsecret" : Self.signature
        let body = "<Error><Code>\(echo)</Code><Message>\(echo)</Message></Error>"
        for answer in [
            HTTPAnswer(403, "", headers: ["x-ms-error-code": echo]), HTTPAnswer(403, body),
            HTTPAnswer(403, "", headers: ["x-ms-error-code": "AuthorizationFailure", "x-ms-request-id": echo]),
        ] {
            let store = try azure(ScriptedWire { _, _ in answer }) {
                $0.sasToken = Secret("sv=2021&sig=\(sas)")
            }
            let error = await #expect(throws: FileStoreError.self) { try await store.check() }
            let text = "\(try #require(error))"
            #expect(text.contains("REDACTED"), "\(text)")
            for secret in ["c2VjcmV0", "secretsecret"] { #expect(!text.contains(secret), "\(text)") }
        }
    }

    @Test func secretEchoedByTheIdentityProviderIsRedacted() async throws {
        let secret = "abc8Q~dEf.GhI-jKl_mNo"
        for (body, detail) in [
            (
                #"{"error":"\#(secret)","error_description":"AADSTS7000215: \#(secret)"}"#,
                "AADSTS7000215, clientSecretRefused"
            ),
            (#"{"error":"invalid_client","error_description":"AADSTS\#(secret): x"}"#, "invalid_client"),
            (#"{"error":"\#(secret)","error_description":"\#(secret)"}"#, "REDACTED"),
        ] {
            let server = try await StandInServer { _ in StandInReply(401, body: body) }
            let connections = HTTPTransport.forStore()
            var configuration = AzureBlobConfiguration()
            configuration.authority = server.url
            (configuration.tenantID, configuration.clientID, configuration.clientSecret) = ("t", "c", Secret(secret))
            let store = try AzureBlobFileStore(
                "azblob://finance/exports",
                configuration,
                StoreWire(connections),
                time.clock,
                connections
            )
            let error = await #expect(throws: FileStoreError.self) { try await store.check() }
            #expect(error?.kind == .credentialsRefused)
            #expect(error?.detail == detail + ", HTTP 401")
            #expect(error?.description.contains(secret) == false)
            await connections.close()
            await server.stop()
        }
    }

    @Test func textEchoedByS3IsRedacted() async throws {
        let session = "FwoGZXIvYXdzEXAMPLEtokenEXAMPLEtokenEXAMPLE"
        var configuration = S3Configuration()
        configuration.environment = [
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": session,
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
        for (code, request, region) in [
            (session, "r", "r"), ("AccessDenied", session, "r"), ("PermanentRedirect", "r", session),
        ] {
            let wire = ScriptedWire { _, _ in
                HTTPAnswer(
                    400,
                    "<Error><Code>\(code)</Code><RequestId>\(request)</RequestId><Region>\(region)</Region></Error>"
                )
            }
            let store = try S3FileStore("s3://bucket/p", configuration, wire.wire, time.clock)
            let error = await #expect(throws: FileStoreError.self) { try await store.check() }
            #expect(error?.description.contains(session) == false)
            #expect(error?.description.contains("REDACTED") == true)
        }
    }

    @Test func codesAndIDsOfStoresAreKept() {
        for code in ["NoSuchBucket", "XAmzContentSHA256Mismatch", "invalid_client"] {
            #expect(ResponseWord.code(code) == code)
        }
        for id in [
            "tx00000dfb8bd4f4d1b9a5a-0063f0e0a5-1a2b-default", "4442587FB7D0A2F9",
            "b1a0c2f0-801e-0047-3c6a-9f0000000000",
        ] {
            #expect(ResponseWord.requestID(id) == id)
        }
        #expect(ResponseWord.code("") == nil && ResponseWord.code(nil) == nil)
        #expect(ResponseWord.region("eu-central-1") == "eu-central-1")
    }
}
