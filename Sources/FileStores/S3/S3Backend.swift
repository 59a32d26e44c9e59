import Crypto
import HTTPAccess
import NIOCore
import NIOHTTP1
import Primitives

/// The requests to an S3 bucket, signed and with checksums, for `S3FileStore` and its uploads.
struct S3Backend: ObjectBackend {
    /// The size of the first 2,500 parts, in bytes: enough for 20 GB. The size doubles with each further 2,500 parts.
    static let firstPartSize = 8 * 1_024 * 1_024
    /// S3's own limit.
    static let maximumParts = 10_000

    let address: S3Address
    let configuration: S3Configuration
    let credentials: CachedCredential<AWSCredentials>
    let caller: StoreCaller
    let firstPartSize: Int

    func partSize(_ number: Int) -> Int? {
        guard number <= Self.maximumParts else { return nil }
        return firstPartSize << ((number - 1) / (Self.maximumParts / 4))
    }

    func location(of name: String) -> String { "s3://\(address.bucket)/\(name)" }

    // MARK: Objects

    func put(_ name: String, _ body: ByteBuffer, _ summary: ObjectSummary) async throws(FileStoreError) {
        var headers = objectHeaders(summary.mediaType, summary.metadata)
        headers.append(("x-amz-meta-sha256", summary.digests.sha256))
        var request = Outgoing(.PUT, name, headers: headers, body: body)
        request.isContent = true
        // The body is the whole file.
        request.digest = Hexadecimal.decoded(summary.digests.sha256)
        _ = try await send(request, "store")
    }

    func begin(_ name: String, _ mediaType: MediaType, _ metadata: FileMetadata) async throws(FileStoreError) -> String
    {
        var headers = objectHeaders(mediaType, metadata)
        if configuration.checksum == .sha256 { headers.append(("x-amz-checksum-algorithm", "SHA256")) }
        let answer = try await send(Outgoing(.POST, name, [("uploads", "")], headers: headers), "store")
        guard let upload = xmlText("UploadId", in: answer.text), !upload.isEmpty else {
            throw FileStoreError(
                .refused,
                action: "store",
                path: location(of: name),
                detail: "the response names no upload"
            )
        }
        return upload
    }

    func putPart(
        _ name: String,
        upload: String,
        number: Int,
        _ body: ByteBuffer
    ) async throws(FileStoreError) -> PartReceipt {
        let query = [("partNumber", String(number)), ("uploadId", upload)]
        var request = Outgoing(.PUT, name, query, body: body)
        request.isContent = true
        let digest = Array(SHA256.hash(body))
        request.digest = digest
        let answer = try await send(request, "store")
        guard let tag = answer.headers.first(name: "etag") else {
            throw FileStoreError(.refused, action: "store", path: location(of: name), detail: "a part has no ETag")
        }
        let checksum = configuration.checksum == .sha256 ? Base64.encoded(digest) : nil
        return PartReceipt(number: number, tag: tag, checksum: checksum)
    }

    func commit(
        _ name: String,
        upload: String,
        parts: [PartReceipt],
        _ summary: ObjectSummary
    ) async throws(FileStoreError) {
        let list = parts.map { part in
            let checksum = part.checksum.map { "<ChecksumSHA256>\($0)</ChecksumSHA256>" } ?? ""
            return "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(xmlEscaped(part.tag))</ETag>\(checksum)</Part>"
        }
        let document =
            #"<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"# + list.joined()
            + "</CompleteMultipartUpload>"
        var request = Outgoing(.POST, name, [("uploadId", upload)], body: ByteBuffer(string: document))
        request.headers = [("content-type", "application/xml")]
        // With many parts S3 takes minutes.
        request.timeout = .seconds(600)
        request.mayFailLate = true
        _ = try await send(request, "store")
        try await tag(name, summary.digests.sha256)
    }

    func discard(_ name: String, upload: String) async {
        // An upload that cannot be aborted now is swept a day later.
        try? await abort(name, upload: upload)
    }

    /// Aborts an upload, which removes its parts.
    func abort(_ name: String, upload: String) async throws(FileStoreError) {
        do {
            _ = try await send(Outgoing(.DELETE, name, [("uploadId", upload)]), "abort the upload of")
        } catch  where error.kind == .uploadLost {
            // It has ended already.
        }
    }

    /// The object's bytes; `nil` when there is none.
    func get(_ name: String, limit: Int) async throws(FileStoreError) -> [UInt8]? {
        var request = Outgoing(.GET, name)
        request.maximumAnswer = limit
        do {
            return Array(try await send(request, "read").body.readableBytesView)
        } catch  where error.kind == .objectMissing {
            return nil
        }
    }

    /// Sets the SHA-256 as a tag of an object of several parts, whose metadata was fixed before the last byte was known.
    /// The upload succeeds without the tag: some implementations have no tags, and some policies do not permit them.
    private func tag(_ name: String, _ sha256: String) async throws(FileStoreError) {
        let document = "<Tagging><TagSet><Tag><Key>sha256</Key><Value>\(sha256)</Value></Tag></TagSet></Tagging>"
        var request = Outgoing(.PUT, name, [("tagging", "")], body: ByteBuffer(string: document))
        request.headers = [("content-type", "application/xml")]
        do {
            _ = try await send(request, "tag")
        } catch  where error.kind == .forbidden || error.kind == .refused {
            return
        }
    }

    // MARK: Abandoned uploads

    /// How many pages of the list of uploads are read, of a thousand uploads each.
    private static let maximumPages = 100

    /// The unfinished uploads below the prefix that were begun before a time, in milliseconds since 1970.
    func abandonedUploads(before limit: Int64) async throws(FileStoreError) -> [(name: String, upload: String)] {
        var found: [(name: String, upload: String)] = []
        var marker: S3UploadList.Marker?
        var pages = 0
        repeat {
            var query = [("uploads", ""), ("prefix", address.prefix)]
            if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.upload)] }
            let list = S3UploadList(try await send(Outgoing(.GET, "", query), "list the uploads of").text)
            for upload in list.uploads where upload.begun < limit && upload.name.hasPrefix(address.prefix) {
                found.append((upload.name, upload.id))
            }
            marker = list.next
            pages += 1
            // A list whose markers do not advance would never end.
        } while marker != nil && found.count < 10_000 && pages < Self.maximumPages
        return found
    }

    // MARK: Requests

    private struct Outgoing {
        var method: HTTPMethod
        var name: String
        var query: [(name: String, value: String)]
        var headers: [(name: String, value: String)]
        var body: ByteBuffer?
        var timeout: Duration = .seconds(60)
        var mayFailLate = false
        var maximumAnswer = 4 * 1_024 * 1_024
        /// Whether the body is a file's content, which gets the configured checksum; other documents get an MD5.
        var isContent = false
        /// The body's SHA-256, where it is known.
        var digest: [UInt8]?

        init(
            _ method: HTTPMethod,
            _ name: String,
            _ query: [(String, String)] = [],
            headers: [(String, String)] = [],
            body: ByteBuffer? = nil
        ) {
            self.method = method
            self.name = name
            self.query = query.map { (name: $0.0, value: $0.1) }
            self.headers = headers.map { (name: $0.0, value: $0.1) }
            self.body = body
            // A slow connection takes long for a part; a silent one is closed sooner.
            if let body { timeout = .seconds(60 + body.readableBytes / 32_768) }
        }
    }

    private func send(_ outgoing: Outgoing, _ action: String) async throws(FileStoreError) -> HTTPAnswer {
        let path = location(of: outgoing.name)
        let payload = Payload(outgoing.body, outgoing.digest, outgoing.isContent ? configuration.checksum : .md5)
        return try await caller.call(action, path) { () async throws(FileStoreError) in
            request(outgoing, payload, try await credentials.value())
        } renew: {
            await credentials.forget()
        } evaluate: { answer in
            S3Fault(answer, mayFailLate: outgoing.mayFailLate)?.callFault(action, path)
        }
    }

    private func request(_ outgoing: Outgoing, _ payload: Payload, _ credentials: AWSCredentials) -> OutgoingRequest {
        let timestamp = Timestamp(milliseconds: caller.clock.now()).basicISO8601
        var headers = outgoing.headers + payload.headers
        headers.append(("host", address.host))
        headers.append(("x-amz-date", timestamp))
        headers.append(("x-amz-content-sha256", payload.sha256))
        if let token = credentials.sessionToken { headers.append(("x-amz-security-token", token)) }
        let target = address.pathPrefix + outgoing.name.percentEncodedPath()
        // The path of a bucket itself has no slash at the end.
        let encoded = outgoing.name.isEmpty && target.count > 1 ? String(target.dropLast()) : target
        let signature = credentials.signature(region: address.region, service: "s3").authorization(
            for: SignatureV4.Request(
                method: outgoing.method.rawValue,
                path: encoded,
                query: outgoing.query,
                headers: headers,
                payloadHash: payload.sha256,
                timestamp: timestamp
            )
        )
        headers.append(("authorization", signature))
        let query = SignatureV4.canonicalQuery(outgoing.query)
        return OutgoingRequest(
            raw: outgoing.method,
            url: address.base + encoded + (query.isEmpty ? "" : "?\(query)"),
            headers: HTTPHeaders(headers.map { ($0.name, $0.value) }),
            body: outgoing.body,
            timeout: outgoing.timeout,
            maximumAnswer: outgoing.maximumAnswer
        )
    }

    private func objectHeaders(_ mediaType: MediaType, _ metadata: FileMetadata) -> [(String, String)] {
        var headers = [("content-type", mediaType.rawValue)]
        if let jobID = harmless(metadata.jobID) { headers.append(("x-amz-meta-job-id", jobID)) }
        if let requestID = harmless(metadata.requestID) { headers.append(("x-amz-meta-request-id", requestID)) }
        if let storageClass = configuration.storageClass { headers.append(("x-amz-storage-class", storageClass)) }
        if let encryption = configuration.encryption {
            headers.append(("x-amz-server-side-encryption", encryption.rawValue))
            if let key = configuration.kmsKeyID {
                headers.append(("x-amz-server-side-encryption-aws-kms-key-id", key))
            }
        }
        return headers
    }
}

/// The digests of a request's body: the one that is signed, and the checksum header that S3 verifies.
private struct Payload {
    let sha256: String
    let headers: [(name: String, value: String)]

    init(_ body: ByteBuffer?, _ digest: [UInt8]?, _ checksum: S3Configuration.Checksum) {
        guard let body else {
            sha256 = sha256Hexadecimal([])
            headers = []
            return
        }
        let digest = digest ?? Array(SHA256.hash(body))
        sha256 = Hexadecimal.encoded(digest)
        switch checksum {
        case .sha256: headers = [("x-amz-checksum-sha256", Base64.encoded(digest))]
        case .md5: headers = [("content-md5", Base64.encoded(Insecure.MD5.hash(body)))]
        }
    }
}
