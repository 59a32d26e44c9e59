import Foundation
import HTTPAccess
import NIOHTTP1
import Testing

@testable import FileStores

/// The order of the sources of AWS credentials, and the requests to each of them.
@Suite("AWS credentials")
struct AWSCredentialTests {
    private let directory: TemporaryDirectory
    private let time = TestClock()

    init() throws { directory = try TemporaryDirectory() }

    private func write(_ name: String, _ text: String) throws -> String {
        let path = directory.path + "/" + name
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    private func fetch(
        _ variables: [String: String],
        _ wire: ScriptedWire = ScriptedWire { _, _ in throw TransportFault(.connect, "no connection could be made") }
    ) async throws(FileStoreError) -> AWSCredentialChain.Lease {
        // An empty home: profiles of this machine are not read.
        let own = ["HOME": directory.path]
        return try await AWSCredentialChain(
            environment: AWSEnvironment(own.merging(variables) { $1 }),
            region: "eu-west-1",
            caller: StoreCaller(wire: wire.wire, clock: time.clock)
        ).fetch()
    }

    private let document = """
        {"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"s1","Token":"t1","Expiration":"2026-11-22T06:00:00Z"}
        """
    private let expiry: Int64 = 1_795_327_200_000

    @Test func environmentPrecedesWebIdentity() async throws {
        let lease = try await fetch([
            "AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s1", "AWS_SESSION_TOKEN": "",
            "AWS_ROLE_ARN": "arn:x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
        ])
        #expect(lease.value == AWSCredentials(accessKeyID: "AKIA1", secretAccessKey: "s1", sessionToken: nil))
        #expect(lease.expiresAt == nil)
    }

    @Test func webIdentityTokenIsExchangedForCredentials() async throws {
        let path = try write("token", "the+token\n")
        let wire = ScriptedWire { _, _ in
            HTTPAnswer(
                200,
                """
                <AssumeRoleWithWebIdentityResponse><Credentials><AccessKeyId>ASIA2</AccessKeyId>
                <SecretAccessKey>s&amp;2</SecretAccessKey><SessionToken>t2</SessionToken>
                <Expiration>2026-11-22T06:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResponse>
                """
            )
        }
        let lease = try await fetch(
            ["AWS_ROLE_ARN": "arn:aws:iam::1:role/exports", "AWS_WEB_IDENTITY_TOKEN_FILE": path],
            wire
        )
        #expect(lease.value == AWSCredentials(accessKeyID: "ASIA2", secretAccessKey: "s&2", sessionToken: "t2"))
        #expect(lease.expiresAt == expiry)
        let request = try #require(wire.requests.first)
        #expect(request.url == "https://sts.eu-west-1.amazonaws.com/")
        #expect(
            request.text
                == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fexports&RoleSessionName=payout-export-worker&WebIdentityToken=the%2Btoken"
        )
        #expect(request.header("authorization") == nil)
    }

    @Test func refusedWebIdentityIsAnErrorThoughAProfileExists() async throws {
        let path = try write("token", "t")
        _ = try write("credentials", "[default]\naws_access_key_id=AKIA\naws_secret_access_key=s\n")
        let wire = ScriptedWire { _, _ in
            HTTPAnswer(400, "<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>")
        }
        let error = await #expect(throws: FileStoreError.self) {
            try await fetch(
                [
                    "AWS_ROLE_ARN": "arn:x", "AWS_WEB_IDENTITY_TOKEN_FILE": path,
                    "AWS_SHARED_CREDENTIALS_FILE": directory.path + "/credentials",
                ],
                wire
            )
        }
        #expect(error?.kind == .credentialsRefused)
        #expect(error?.detail == "ExpiredTokenException, HTTP 400")
    }

    @Test func profilesAreReadFromBothFiles() async throws {
        let credentials = try write(
            "credentials",
            "# comment\n[default]\naws_access_key_id = AKIA3\naws_secret_access_key=s=3 \n\n[other]\naws_access_key_id=AKIA4\naws_secret_access_key=s4\naws_session_token=t4\n"
        )
        let config = try write(
            "config",
            "[default]\nregion = eu-central-1\naws_access_key_id = hidden\n[profile other]\nregion=us-west-2\ns3 =\n  region = nonsense\n"
        )
        let files = ["AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_CONFIG_FILE": config]
        let first = try await fetch(files)
        #expect(first.value == AWSCredentials(accessKeyID: "AKIA3", secretAccessKey: "s=3", sessionToken: nil))
        // The file is read again later: an operator may have replaced it.
        #expect(first.expiresAt == 1_795_305_600_000 + AWSCredentialChain.fileLifetime)
        let other = files.merging(["AWS_PROFILE": "other"]) { $1 }
        #expect(try await fetch(other).value.sessionToken == "t4")
        #expect(AWSEnvironment(files).region == "eu-central-1")
        #expect(AWSEnvironment(other).region == "us-west-2")
        #expect(AWSEnvironment(other.merging(["AWS_REGION": "eu-north-1"]) { $1 }).region == "eu-north-1")
        let error = await #expect(throws: FileStoreError.self) {
            try await fetch(files.merging(["AWS_PROFILE": "none"]) { $1 })
        }
        #expect(error?.kind == .noCredentials)
        #expect(error?.description.contains("'none'") == true)
    }

    @Test func profilesThatNameEachOtherAreAnError() async throws {
        let config = try write(
            "config",
            "[profile a]\nrole_arn=x\nsource_profile=b\n[profile b]\nrole_arn=y\nsource_profile=a\n"
        )
        await #expect(throws: FileStoreError.self) {
            try await fetch(["AWS_PROFILE": "a", "AWS_CONFIG_FILE": config])
        }
    }

    @Test func containerServiceIsAskedWithItsToken() async throws {
        let token = try write("authorization", "Basic abc\n")
        let document = document
        let wire = ScriptedWire { _, _ in HTTPAnswer(200, document) }
        let full = try await fetch(
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
            ],
            wire
        )
        #expect(full.value == AWSCredentials(accessKeyID: "ASIA1", secretAccessKey: "s1", sessionToken: "t1"))
        #expect(full.expiresAt == expiry)
        _ = try await fetch(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/x"], wire)
        #expect(
            wire.requests.map(\.url) == [
                "http://169.254.170.23/v1/credentials", "http://169.254.170.2/v2/credentials/x",
            ]
        )
        #expect(wire.requests.map { $0.header("authorization") } == ["Basic abc", nil])
    }

    @Test(arguments: ["http://example.com/", "http://127.0.0.1.example.com/x", "ftp://127.0.0.1/"])
    func unknownContainerAddressIsRefusedBeforeARequest(url: String) async throws {
        let document = document
        let wire = ScriptedWire { _, _ in HTTPAnswer(200, document) }
        let error = await #expect(throws: FileStoreError.self) {
            try await fetch(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url], wire)
        }
        #expect(error?.kind == .noCredentials)
        #expect(wire.requests.isEmpty)
    }

    @Test func instanceMetadataIsReadWithASessionToken() async throws {
        let document = document
        let wire = ScriptedWire { request, _ in
            if request.method == .PUT {
                return HTTPAnswer(request.header("x-aws-ec2-metadata-token-ttl-seconds") == nil ? 400 : 200, "session")
            }
            guard request.header("x-aws-ec2-metadata-token") == "session" else { return HTTPAnswer(401) }
            return HTTPAnswer(200, request.url.hasSuffix("/security-credentials/") ? "exports-role\n" : document)
        }
        let lease = try await fetch(["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9/"], wire)
        #expect(lease.value.accessKeyID == "ASIA1")
        #expect(
            wire.requests.map(\.url) == [
                "http://127.0.0.1:9/latest/api/token",
                "http://127.0.0.1:9/latest/meta-data/iam/security-credentials/",
                "http://127.0.0.1:9/latest/meta-data/iam/security-credentials/exports-role",
            ]
        )
    }

    @Test func missingCredentialsAreReported() async throws {
        let wire = ScriptedWire { _, _ in throw TransportFault(.connect, "no connection within the connect time-out") }
        for (variables, requests) in [(["AWS_EC2_METADATA_DISABLED": "true"], 0), ([:], 5)] {
            let before = wire.requests.count
            let error = await #expect(throws: FileStoreError.self) { try await fetch(variables, wire) }
            #expect(error?.kind == .noCredentials)
            #expect(wire.requests.count - before == requests)
        }
    }
}
