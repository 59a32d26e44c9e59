import Crypto
import HTTPAccess
import NIOCore
import NIOHTTP1
import Primitives

/// The requests to a container of Azure Blob Storage ("Blob service REST API"), for `AzureBlobFileStore` and its uploads.
struct AzureBackend: ObjectBackend {
    /// The version of the REST API; the first with blocks of 4,000 MiB is 2019-12-12.
    static let version = "2021-12-02"
    static let blockSize = 8 * 1_024 * 1_024
    /// The service's own limit.
    static let maximumBlocks = 50_000

    let address: AzureBlobAddress
    let authorization: AzureAuthorization
    let caller: StoreCaller
    let blockSize: Int

    func partSize(_ number: Int) -> Int? { number <= Self.maximumBlocks ? blockSize : nil }

    func location(of name: String) -> String { "azblob://\(address.account)/\(address.container)/\(name)" }

    // MARK: Blobs

    func put(_ name: String, _ body: ByteBuffer, _ summary: ObjectSummary) async throws(FileStoreError) {
        var headers = blobHeaders(summary)
        headers.append(("x-ms-blob-type", "BlockBlob"))
        _ = try await send(name, "", headers, body, "store")
    }

    /// Creates an id without a request. It distinguishes the blocks of this upload from those of other uploads of the same
    /// blob, such as one that a crash has ended.
    func begin(_ name: String, _ mediaType: MediaType, _ metadata: FileMetadata) async throws(FileStoreError) -> String
    {
        let token = UInt64.random(in: .min ... .max)
        return Hexadecimal.encoded((0..<8).map { UInt8(truncatingIfNeeded: token >> (8 * UInt64($0))) })
    }

    func putPart(
        _ name: String,
        upload: String,
        number: Int,
        _ body: ByteBuffer
    ) async throws(FileStoreError) -> PartReceipt {
        let id = Self.blockID(upload, number)
        _ = try await send(name, "?comp=block&blockid=\(id.percentEncoded())", [], body, "store")
        return PartReceipt(number: number, tag: id)
    }

    func commit(
        _ name: String,
        upload: String,
        parts: [PartReceipt],
        _ summary: ObjectSummary
    ) async throws(FileStoreError) {
        let document =
            #"<?xml version="1.0" encoding="utf-8"?><BlockList>"#
            + parts.map { "<Uncommitted>\($0.tag)</Uncommitted>" }.joined() + "</BlockList>"
        var headers = blobHeaders(summary)
        headers.append(("content-type", "application/xml"))
        _ = try await send(name, "?comp=blocklist", headers, ByteBuffer(string: document), "store")
    }

    /// Does nothing: the service has no request that removes blocks. It removes uncommitted blocks when the blob is
    /// committed, or a week after the last one was stored.
    func discard(_ name: String, upload: String) async {}

    /// The blob's bytes; `nil` when there is none.
    func get(_ name: String, limit: Int) async throws(FileStoreError) -> [UInt8]? {
        do {
            return Array(try await send(name, "", [], nil, "read", maximumAnswer: limit).body.readableBytesView)
        } catch  where error.kind == .objectMissing {
            return nil
        }
    }

    /// The id of a block. The service demands that all block ids of a blob have the same length, other uploads included.
    static func blockID(_ upload: String, _ number: Int) -> String {
        let digits = String(number)
        return Base64.encoded(
            (upload + "-" + String(repeating: "0", count: max(0, 7 - digits.utf8.count)) + digits).utf8
        )
    }

    // MARK: Requests

    /// - Parameter body: The body of a PUT; `nil` for a GET.
    private func send(
        _ name: String,
        _ query: String,
        _ headers: [(String, String)],
        _ body: ByteBuffer?,
        _ action: String,
        maximumAnswer: Int = 1_024 * 1_024
    ) async throws(FileStoreError) -> HTTPAnswer {
        let path = location(of: name)
        let url = "\(address.endpoint.text)/\(address.container)/\(name.percentEncodedPath())\(query)"
        let digest = body.map { Base64.encoded(Insecure.MD5.hash($0)) }
        return try await caller.call(action, path) { () async throws(FileStoreError) in
            var request = OutgoingRequest(
                raw: body == nil ? .GET : .PUT,
                url: url,
                headers: HTTPHeaders(headers),
                body: body,
                maximumAnswer: maximumAnswer
            )
            if let digest { request.headers.add(name: "content-md5", value: digest) }
            request.headers.add(name: "x-ms-version", value: Self.version)
            request.headers.add(name: "x-ms-date", value: Timestamp(milliseconds: caller.clock.now()).httpDate)
            request.timeout = .seconds(60 + (body?.readableBytes ?? maximumAnswer) / 32_768)
            try await authorization.authorize(&request)
            return request
        } renew: {
            authorization.forget()
        } evaluate: { answer in
            AzureFault(answer)?.callFault(action, path)
        }
    }

    private func blobHeaders(_ summary: ObjectSummary) -> [(String, String)] {
        // Azure demands identifiers as names of metadata, so they have no hyphens.
        var headers = [
            ("x-ms-blob-content-type", summary.mediaType.rawValue), ("x-ms-meta-sha256", summary.digests.sha256),
        ]
        if let md5 = summary.digests.md5 { headers.append(("x-ms-blob-content-md5", Base64.encoded(md5))) }
        if let jobID = harmless(summary.metadata.jobID) { headers.append(("x-ms-meta-jobid", jobID)) }
        if let requestID = harmless(summary.metadata.requestID) { headers.append(("x-ms-meta-requestid", requestID)) }
        return headers
    }
}
