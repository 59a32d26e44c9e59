import Crypto
import NIOCore
import NIOHTTP1

/// The requests to a container ("Blob service REST API").
struct AzureBackend: ObjectBackend {
    /// The version of the service that is spoken; the first with blocks of 4,000 MiB is 2019-12-12.
    static let version = "2021-12-02"
    static let blockSize = 8 * 1_024 * 1_024
    /// The service's own limit.
    static let maximumBlocks = 50_000

    let address: AzureBlobAddress
    let authorization: AzureAuthorization
    let caller: StoreCaller
    let blockSize: Int

    var keepsMD5: Bool { true }

    func partSize(_ number: Int) -> Int? { number <= Self.maximumBlocks ? blockSize : nil }

    func location(of name: String) -> String { "azblob://\(address.account)/\(address.container)/\(name)" }

    // MARK: Blobs

    func put(_ name: String, _ body: ByteBuffer, _ summary: ObjectSummary) async throws(FileStoreError) {
        var headers = blobHeaders(summary)
        headers.append(("x-ms-blob-type", "BlockBlob"))
        _ = try await send(name, "", headers, body, "put")
    }

    /// Nothing is sent: blocks need no beginning. What is made up here is what tells the blocks of this upload from those
    /// of others of the same blob, such as one that a crash has ended.
    func begin(_ name: String, _ mediaType: MediaType, _ metadata: FileMetadata) async throws(FileStoreError) -> String
    {
        let token = UInt64.random(in: .min ... .max)
        return hexadecimal((0..<8).map { UInt8(truncatingIfNeeded: token >> (8 * UInt64($0))) })
    }

    func putPart(
        _ name: String,
        upload: String,
        number: Int,
        _ body: ByteBuffer
    ) async throws(FileStoreError) -> PartReceipt {
        let id = Self.blockID(upload, number)
        _ = try await send(name, "?comp=block&blockid=\(uriEncoded(id))", [], body, "put")
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
        _ = try await send(name, "?comp=blocklist", headers, ByteBuffer(string: document), "put")
    }

    /// Blocks cannot be thrown away by themselves. Those that no list names go when the blob is committed, and the
    /// service discards them a week after the last one came.
    func discard(_ name: String, upload: String) async {}

    /// The blob's bytes; `nil` when there is none.
    func get(_ name: String, limit: Int) async throws(FileStoreError) -> [UInt8]? {
        do {
            return try await send(name, "", [], nil, "read", maximumAnswer: limit).body
        } catch  where error.kind == .objectMissing {
            return nil
        }
    }

    /// All ids of a blob's blocks have the same length, those of other uploads included.
    static func blockID(_ upload: String, _ number: Int) -> String {
        let digits = String(number)
        return base64((upload + "-" + String(repeating: "0", count: max(0, 7 - digits.utf8.count)) + digits).utf8)
    }

    // MARK: Requests

    /// - Parameter body: What is put; `nil` to read.
    private func send(
        _ name: String,
        _ query: String,
        _ headers: [(String, String)],
        _ body: ByteBuffer?,
        _ action: String,
        maximumAnswer: Int = 1_024 * 1_024
    ) async throws(FileStoreError) -> WireAnswer {
        let path = location(of: name)
        let url = "\(address.endpoint.text)/\(address.container)/\(uriEncoded(name, keepsSlashes: true))\(query)"
        let digest = body.map { base64(Insecure.MD5.hash($0)) }
        return try await caller.call(action, path) { () async throws(FileStoreError) in
            var request = WireRequest(
                method: body == nil ? .GET : .PUT,
                url: url,
                headers: HTTPHeaders(headers),
                body: body,
                maximumAnswer: maximumAnswer
            )
            if let digest { request.headers.add(name: "content-md5", value: digest) }
            request.headers.add(name: "x-ms-version", value: Self.version)
            request.headers.add(name: "x-ms-date", value: ProtocolTime(caller.clock.now()).http)
            request.timeout = .seconds(60 + (body?.readableBytes ?? maximumAnswer) / 32_768)
            try await authorization.authorize(&request)
            return request
        } renew: {
            await authorization.forget()
        } judge: { answer in
            AzureFault(answer)?.verdict(action, path)
        }
    }

    private func blobHeaders(_ summary: ObjectSummary) -> [(String, String)] {
        // Names of metadata are identifiers, so they have no hyphens.
        var headers = [
            ("x-ms-blob-content-type", summary.mediaType.rawValue), ("x-ms-meta-sha256", summary.sha256),
        ]
        if let md5 = summary.md5 { headers.append(("x-ms-blob-content-md5", base64(md5))) }
        if let jobID = harmless(summary.metadata.jobID) { headers.append(("x-ms-meta-jobid", jobID)) }
        if let requestID = harmless(summary.metadata.requestID) { headers.append(("x-ms-meta-requestid", requestID)) }
        return headers
    }
}
