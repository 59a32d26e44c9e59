import Crypto
import Foundation
import HTTPAccess
import Primitives
import StoreStandIns
import Testing

@testable import FileStores

/// Azure Blob Storage, tested with a stand-in that checks what the service's documentation demands.
@Suite("Azure Blob file store")
struct AzureBlobFileStoreTests {
    private let standIn = AzureStandIn()
    private let connections = HTTPTransport.forStore()
    private let content = (0..<150_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    private func with(
        container: String = AzureStandIn.container,
        _ change: (inout AzureBlobConfiguration) -> Void = { $0.sasToken = Secret("?" + AzureStandIn.signature) },
        _ body: (AzureBlobFileStore) async throws -> Void
    ) async throws {
        let standIn = standIn
        let server = try await StandInServer { standIn.reply(to: $0) }
        var configuration = AzureBlobConfiguration()
        configuration.endpoint = server.url
        configuration.authority = server.url
        change(&configuration)
        var clock = StoreClock.system
        clock.sleep = { _ in }
        let store = try AzureBlobFileStore(
            "azblob://\(AzureStandIn.account)/\(container)/prefix",
            configuration,
            StoreWire(connections),
            clock,
            connections,
            blockSize: StoreFixture.blockSize
        )
        do {
            try await body(store)
        } catch {
            await server.stop()
            throw error
        }
        await connections.close()
        await server.stop()
    }

    private func put(_ content: [UInt8], _ store: AzureBlobFileStore) async throws -> StoredFile {
        let upload = try await store.begin(
            .sample,
            metadata: FileMetadata(expected: .csv, jobID: "j:1", requestID: "93c2b3cf")
        )
        try await upload.write(content)
        return try await upload.finish(of: content)
    }

    private let application: (inout AzureBlobConfiguration) -> Void = { configuration in
        configuration.tenantID = "tenant"
        configuration.clientID = "app"
        configuration.clientSecret = Secret(AzureStandIn.clientSecret)
    }

    @Test func blobsCarryTypeDigestAndMetadata() async throws {
        try await with { store in
            for (content, blocks) in [(Array("a,b\n".utf8), 0), (content, 3)] {
                let stored = try await put(content, store)
                #expect(stored.location == "azblob://finance/exports/prefix/" + FileKey.samplePath)
                let blob = try #require(standIn.blob("prefix/" + FileKey.samplePath))
                #expect(blob.bytes == content)
                #expect(blob.blocks == blocks)
                #expect(blob.contentType == stored.mediaType.rawValue)
                #expect(blob.contentMD5 == Data(Insecure.MD5.hash(data: content)).base64EncodedString())
                #expect(
                    blob.metadata == ["jobid": "j:1", "requestid": "93c2b3cf", "sha256": sha256Hexadecimal(content)]
                )
            }
            #expect(standIn.objections == [])
        }
    }

    @Test func committedUploadEndsAnotherUploadOfTheSameBlob() async throws {
        try await with { store in
            let crashed = try await store.begin(.sample, metadata: FileMetadata())
            try await crashed.write(content)
            let other = try await store.begin(.sample, metadata: FileMetadata())
            try await other.write(content.reversed())
            _ = try await other.finish(of: content.reversed())
            #expect(standIn.blob("prefix/" + FileKey.samplePath)?.bytes == content.reversed())
            // The other upload's commit removed the first one's blocks: the first fails, and the file is whole.
            let error = await #expect(throws: FileStoreError.self) { try await crashed.finish(of: content) }
            #expect(error?.kind == .uploadLost)
            #expect(error?.concernsStore == false)
            #expect(standIn.blob("prefix/" + FileKey.samplePath)?.bytes == content.reversed())
        }
    }

    @Test func dotAtTheEndOfANameIsEncoded() async throws {
        try await with { store in
            let key = try #require(FileKey(parts: ["job.", "a.csv"]))
            let stored = try await store.put([[1]], key: key)
            #expect(stored.location.hasSuffix("/prefix/job%2E/a.csv"))
            #expect(standIn.blob("prefix/job%2E/a.csv")?.bytes == [1])
        }
    }

    // MARK: Credentials

    @Test func tokenIsSharedAndReplacedWhenRefused() async throws {
        try await with(application) { store in
            _ = try await put(content, store)
            _ = try await put(content, store)
            #expect(standIn.tokensIssued == 1)
            standIn.revokeTokens()
            _ = try await put(content, store)
            #expect(standIn.blob("prefix/" + FileKey.samplePath)?.bytes == content)
        }
    }

    @Test func refusedClientSecretIsReportedWithoutItsValue() async throws {
        let change: (inout AzureBlobConfiguration) -> Void = { configuration in
            application(&configuration)
            configuration.clientSecret = Secret("wrong-secret")
        }
        try await with(change) { store in
            let error = await #expect(throws: FileStoreError.self) { try await store.check() }
            #expect(error?.kind == .credentialsRefused)
            #expect(error?.detail?.contains("AADSTS7000215") == true)
            #expect(error?.description.contains("wrong-secret") == false)
        }
    }

    @Test func replacedSignatureFileIsUsedByTheNextUpload() async throws {
        let directory = try TemporaryDirectory()
        let file = URL(filePath: directory.path + "/sas")
        try Data("sv=1&sig=OLD\n".utf8).write(to: file)
        try await with({ $0.sasToken = .file(file.path) }) { store in
            let error = await #expect(throws: FileStoreError.self) { try await put(content, store) }
            #expect(error?.kind == .credentialsRefused)
            #expect(error?.description.contains("OLD") == false)
            try Data((AzureStandIn.signature + "\n").utf8).write(to: file)
            _ = try await put(content, store)
        }
    }

    @Test func missingContainerIsReported() async throws {
        try await with(container: "missing") { store in
            for attempt in [{ try await store.check() }, { _ = try await put(content, store) }] {
                let error = await #expect(throws: FileStoreError.self) { try await attempt() }
                #expect(error?.kind == .bucketMissing)
                #expect(error?.description.contains("c2VjcmV0") == false)
            }
        }
    }

    // MARK: Faults

    @Test func uploadSucceedsAfterTransientFaults() async throws {
        try await with { store in
            var broken = StandInReply(500)
            broken.breaks = true
            standIn.answerNext(with: [
                StandInReply(503, headers: [("x-ms-error-code", "ServerBusy")]), broken,
                StandInReply(400, headers: [("x-ms-error-code", "Md5Mismatch")]), StandInReply(429),
            ])
            _ = try await put(content, store)
            #expect(standIn.blob("prefix/" + FileKey.samplePath)?.bytes == content)
        }
    }

    @Test(arguments: [
        (503, "ServerBusy", FileStoreError.Kind.throttled, true), (500, "InternalError", .unavailable, true),
        (400, "Md5Mismatch", .checksumMismatch, false), (413, "RequestBodyTooLarge", .fileTooLarge, false),
        (403, "AuthorizationPermissionMismatch", .forbidden, true), (507, "", .noSpace, true),
        (409, "BlobImmutableDueToPolicy", .refused, false),
    ])
    func persistentFaultIsClassified(status: Int, code: String, kind: FileStoreError.Kind, concernsStore: Bool)
        async throws
    {
        try await with { store in
            let fault = StandInReply(status, headers: code.isEmpty ? [] : [("x-ms-error-code", code)])
            standIn.answerNext(with: Array(repeating: fault, count: 20))
            let error = await #expect(throws: FileStoreError.self) { try await put([1], store) }
            #expect(error?.kind == kind)
            #expect(error?.concernsStore == concernsStore)
            #expect(standIn.blob("prefix/" + FileKey.samplePath) == nil)
        }
    }

    @Test(arguments: [
        "azblob://finance", "azblob:///exports", "azblob://Finance/exports", "azblob://finance/ab",
        "azblob:finance/exports",
        "azblob://finance/exports/../x", "azblob://finance/exports?sig=SECRET",
    ])
    func invalidLocationIsRefusedWithoutSecrets(location: String) {
        var configuration = AzureBlobConfiguration()
        configuration.sasToken = Secret("sig=x")
        let error = #expect(throws: FileStoreError.self) {
            try AzureBlobFileStore(location: location, configuration: configuration)
        }
        #expect(error?.kind == .invalidLocation)
        #expect(error?.description.contains("SECRET") == false)
    }

    @Test func missingCredentialsAreReportedWithTheSettings() {
        let error = #expect(throws: FileStoreError.self) {
            try FileStoreFactory.make(location: "azblob://finance/exports")
        }
        #expect(error?.kind == .noCredentials)
        #expect(error?.description.contains("no SAS token") == true)
    }
}
