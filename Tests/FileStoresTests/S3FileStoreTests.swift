import Crypto
import Foundation
import StoreStandIns
import Testing

@testable import FileStores

/// The S3 store, tested with moto, which checks signatures.
@Suite("S3 file store", .enabled(if: MotoServer.python != nil, "moto is not installed"))
struct S3FileStoreTests {
    private let moto: MotoServer
    private let prefix = UUID().uuidString

    init() throws { moto = try Moto.shared() }

    private func store(
        bucket: String? = nil,
        _ change: (inout S3Configuration) -> Void = { _ in }
    ) throws -> S3FileStore {
        var configuration = StoreFixture.configuration(moto)
        change(&configuration)
        var clock = StoreClock.system
        clock.sleep = { _ in }
        return try S3FileStore(
            "s3://\(bucket ?? moto.stage.bucket)/\(prefix)",
            configuration,
            StoreWire(Moto.connections),
            clock,
            partSize: StoreFixture.s3PartSize
        )
    }

    private let large = [UInt8](repeating: 0x61, count: StoreFixture.s3PartSize + 1_000)
    private let metadata = FileMetadata(expected: .csv, jobID: "j:1", requestID: "93c2b3cf")

    private func describe(_ arguments: [String]) throws -> [String: Any] {
        let printed = try moto.aws(["s3api"] + arguments + ["--bucket", moto.stage.bucket, "--output", "json"])
        return try #require(try JSONSerialization.jsonObject(with: printed) as? [String: Any])
    }

    private func put(_ content: [UInt8], _ store: S3FileStore) async throws -> StoredFile {
        let upload = try await store.begin(.sample, metadata: metadata)
        try await upload.write(content)
        return try await upload.finish(of: content)
    }

    @Test func awsToolReadsStoredObjects() async throws {
        for content in [Array("a,b\n1,2\n".utf8), large] {
            let stored = try await put(content, store())
            #expect(stored.location == "s3://\(moto.stage.bucket)/\(prefix)/\(FileKey.samplePath)")
            let read = try moto.aws(["s3", "cp", stored.location, "-"])
            #expect(Array(read) == content)
        }
    }

    @Test func smallObjectsCarryMetadata() async throws {
        let content = Array("a,b\n1,2\n".utf8)
        _ = try await put(content, store())
        let head = try describe(["head-object", "--key", "\(prefix)/\(FileKey.samplePath)"])
        #expect(head["ContentType"] as? String == "text/csv")
        #expect(
            head["Metadata"] as? [String: String] == [
                "job-id": "j:1", "request-id": "93c2b3cf", "sha256": sha256Hexadecimal(content),
            ]
        )
    }

    @Test func largeObjectsHaveTheirSHA256AsATag() async throws {
        _ = try await put(large, store())
        let key = "\(prefix)/\(FileKey.samplePath)"
        let head = try describe(["head-object", "--key", key, "--checksum-mode", "ENABLED"])
        #expect(head["Metadata"] as? [String: String] == ["job-id": "j:1", "request-id": "93c2b3cf"])
        // The checksum of the parts' checksums.
        let parts = [large[..<StoreFixture.s3PartSize], large[StoreFixture.s3PartSize...]]
        let composite = SHA256.hash(data: parts.flatMap { Array(SHA256.hash(data: Array($0))) })
        // S3 adds the number of the parts to it, moto does not.
        #expect((head["ChecksumSHA256"] as? String)?.hasPrefix(Data(composite).base64EncodedString()) == true)
        let tags = try describe(["get-object-tagging", "--key", key])["TagSet"] as? [[String: String]]
        #expect(tags == [["Key": "sha256", "Value": sha256Hexadecimal(large)]])
    }

    @Test func encryptionAndStorageClassAreSet() async throws {
        let store = try store { configuration in
            configuration.encryption = .kms
            configuration.kmsKeyID = "alias/exports"
            configuration.storageClass = "STANDARD_IA"
        }
        for content in [[1], large] {
            _ = try await put(content, store)
            let head = try describe(["head-object", "--key", "\(prefix)/\(FileKey.samplePath)"])
            #expect(head["ServerSideEncryption"] as? String == "aws:kms")
            #expect((head["SSEKMSKeyId"] as? String)?.contains("alias/exports") == true)
            #expect(head["StorageClass"] as? String == "STANDARD_IA")
        }
    }

    @Test func objectsAreStoredWithMD5Checksums() async throws {
        let store = try store { $0.checksum = .md5 }
        for content in [[1, 2, 3], large] {
            let stored = try await put(content, store)
            #expect(try await store.read(stored.location, limit: 20_000_000) == content)
        }
    }

    // MARK: Refusals

    private func expectRefusal(
        _ store: S3FileStore,
        _ kind: FileStoreError.Kind,
        _ code: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let attempts: [(String, () async throws -> Void)] = [
            ("check", { try await store.check() }), ("small", { _ = try await put([1], store) }),
            ("large", { _ = try await put(large, store) }),
        ]
        for (name, attempt) in attempts {
            let error = await #expect(throws: FileStoreError.self, "\(name)", sourceLocation: sourceLocation) {
                try await attempt()
            }
            #expect(error?.kind == kind, sourceLocation: sourceLocation)
            #expect(error?.detail?.contains(code) == true, "\(error?.detail ?? "")", sourceLocation: sourceLocation)
            #expect(error?.description.contains("s3://") == true, sourceLocation: sourceLocation)
            #expect(error?.description.contains(moto.stage.secretAccessKey) == false, sourceLocation: sourceLocation)
        }
    }

    @Test func wrongSecretKeyIsReported() async throws {
        let store = try store { $0.environment["AWS_SECRET_ACCESS_KEY"] = "not the secret" }
        await expectRefusal(store, .credentialsRefused, "SignatureDoesNotMatch")
    }

    @Test func unknownKeyIDIsReported() async throws {
        let store = try store { $0.environment["AWS_ACCESS_KEY_ID"] = "AKIAUNKNOWN" }
        await expectRefusal(store, .credentialsRefused, "InvalidAccessKeyId")
    }

    @Test func missingPermissionIsReported() async throws {
        let store = try store { configuration in
            configuration.environment = [
                "AWS_ACCESS_KEY_ID": moto.stage.readerKeyId, "AWS_SECRET_ACCESS_KEY": moto.stage.readerSecret,
            ]
        }
        await expectRefusal(store, .forbidden, "AccessDenied")
    }

    @Test func missingBucketIsReported() async throws {
        await expectRefusal(try store(bucket: "missing-bucket"), .bucketMissing, "NoSuchBucket")
    }

    @Test func unreachableStoreIsReported() async throws {
        await expectRefusal(
            try store { $0.endpoint = "http://127.0.0.1:1" },
            .unavailable,
            "no connection could be made"
        )
    }

    // MARK: Roles

    @Test func roleOfAProfileIsAssumed() async throws {
        let directory = try TemporaryDirectory()
        let config = """
            [profile exports]
            role_arn = \(moto.stage.role)
            source_profile = keys
            region = us-east-1
            [profile keys]
            aws_access_key_id = \(moto.stage.accessKeyId)
            aws_secret_access_key = \(moto.stage.secretAccessKey)
            """
        try Data(config.utf8).write(to: URL(filePath: directory.path + "/config"))
        let store = try store { configuration in
            configuration.environment = [
                "AWS_PROFILE": "exports", "AWS_CONFIG_FILE": directory.path + "/config",
                "AWS_SHARED_CREDENTIALS_FILE": directory.path + "/none",
                "AWS_ENDPOINT_URL_STS": moto.stage.endpoint,
            ]
        }
        let stored = try await put(large, store)
        #expect(try await store.read(stored.location, limit: 20_000_000) == large)
    }
}

@Suite("S3 addresses")
struct S3AddressTests {
    private func address(
        _ location: String,
        _ change: (inout S3Configuration) -> Void = { _ in }
    ) throws -> S3Address {
        var configuration = S3Configuration()
        change(&configuration)
        return try S3Address(location.dropFirst(3), configuration, region: configuration.region ?? "eu-west-1")
    }

    @Test func addressWithoutEndpointLeadsToAWS() throws {
        let plain = try address("s3://finance-exports/a//b/")
        #expect(plain.base == "https://finance-exports.s3.eu-west-1.amazonaws.com")
        #expect((plain.prefix, plain.pathPrefix) == ("a/b/", "/"))
        #expect(plain.location == "s3://finance-exports/a/b")
        #expect(try address("s3://bucket").location == "s3://bucket")
        #expect(try address("s3://bucket") { $0.region = "cn-north-1" }.host == "bucket.s3.cn-north-1.amazonaws.com.cn")
        // No certificate is valid for a name with dots.
        #expect(try address("s3://my.bucket").base == "https://s3.eu-west-1.amazonaws.com")
        #expect(try address("s3://my.bucket").pathPrefix == "/my.bucket/")
    }

    @Test func addressFollowsTheEndpoint() throws {
        let endpoint = try address("s3://bucket/x") { $0.endpoint = "http://minio:9000/" }
        #expect((endpoint.base, endpoint.host, endpoint.pathPrefix) == ("http://minio:9000", "minio:9000", "/bucket/"))
        let hosted = try address("s3://bucket/x") {
            $0.endpoint = "https://objects.example.com:443"
            $0.pathStyle = false
        }
        #expect((hosted.host, hosted.pathPrefix) == ("bucket.objects.example.com", "/"))
    }

    @Test(arguments: [
        "s3:bucket", "s3://", "s3:///x", "s3://ab", "s3://bucket/../x", "s3://bucket/x?versionId=1",
        "s3://user@bucket/x",
        "s3://b%20t/x",
    ])
    func invalidLocationIsRefused(location: String) {
        let error = #expect(throws: FileStoreError.self) { try address(location) }
        #expect(error?.kind == .invalidLocation)
    }

    @Test(arguments: [
        "minio:9000", "ftp://x", "https://", "https://user:secret@x", "https://x/?sig=secret", "https://a b",
    ])
    func invalidEndpointIsRefusedWithoutSecrets(endpoint: String) {
        let error = #expect(throws: FileStoreError.self) { try address("s3://bucket") { $0.endpoint = endpoint } }
        #expect(error?.kind == .invalidLocation)
        #expect(error?.description.contains("sig=") == false)
    }
}
