import HTTPTypes
import Primitives

extension ServiceState {
    /// The URL of an export's file, with a new signature at every poll.
    func blobLocation(of record: ExportRecord, at now: Timestamp) -> String {
        let path = "/blobs/payouts-\(record.account)/\(record.id.text).\(record.fileExtension)"
        let expiry = now + configuration.blobs.urlLifetime.inNanoseconds
        return "\(origin)\(path)?\(signature.query(path: path, expiry: expiry))"
    }

    /// Answers a download.
    mutating func blobReply(to request: ServiceRequest, drawn: FaultPlan.Drawn) -> ServiceReply {
        let now = now
        guard request.method == .get || request.method == .head else {
            return storageError(405, "UnsupportedHttpVerb", "The method is not supported here.", at: now)
        }
        // A client that sends a bearer token here leaks it, so the journal must show it.
        if request.fields[.authorization] != nil {
            stats.authorizationLeaks += 1
            return storageError(
                400,
                "InvalidAuthenticationInfo",
                "A signed URL takes no Authorization header.",
                at: now
            )
        }
        guard !drawn.expiredURL else {
            return authenticationFailed("Signature not valid in the specified time frame.", at: now)
        }
        guard let query = FormFields(request.query) else {
            return authenticationFailed("The query is not well-formed.", at: now)
        }
        if let problem = signature.problem(path: request.path, query: query, at: now) {
            return authenticationFailed(problem, at: now)
        }
        guard let name = request.path.split(separator: "/").last, let id = GUID(name.prefix(36)),
            let index = store.index(of: id), store[index].state(at: now) == .completed
        else { return storageError(404, "BlobNotFound", "The specified blob does not exist.", at: now) }
        if case .page = drawn.body { return Self.signInPage }
        do {
            return try transfer(index, request: request, drawn: drawn, at: now)
        } catch {
            // Rows that do not satisfy the filter are worse than none.
            return (error as? ServiceError ?? ServiceError(500, "generalException", "The sandbox failed.")).reply()
        }
    }

    /// The response of a proxy whose user has not signed in.
    private static let signInPage: ServiceReply = {
        var reply = ServiceReply(status: 200)
        reply.fields[.contentType] = "text/html; charset=utf-8"
        var bytes: [UInt8] = []
        bytes.appendText(
            "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form></form></body></html>\n"
        )
        reply.body = .bytes(bytes)
        return reply
    }()

    private mutating func transfer(
        _ index: Int,
        request: ServiceRequest,
        drawn: FaultPlan.Drawn,
        at now: Timestamp
    ) throws -> ServiceReply {
        let record = store[index]
        let rules = try rowRules.rules(of: record.filter, kind: record.kind)
        let content = BlobContent(record: record, form: configuration.blobs.form, rules: rules)
        let etag = Self.etag(of: record, count: content.count)
        let lastModified = record.finished.httpDate
        var range = 0..<content.count
        var status = 200
        let condition = request.fields[.ifRange]
        if condition == nil || condition == etag || condition == lastModified {
            switch ByteRange(header: request.fields[.range], count: content.count) {
            case .whole: break
            case .part(let part):
                range = part
                status = 206
            case .unsatisfiable:
                var reply = storageError(416, "InvalidRange", "The range is not valid for the blob.", at: now)
                reply.fields[.contentRange] = "bytes */\(content.count)"
                return reply
            }
        }
        var reply = ServiceReply(status: status)
        reply.fields[.contentType] = "application/octet-stream"
        reply.fields[.contentLength] = String(range.count)
        reply.fields[.acceptRanges] = "bytes"
        reply.fields[.eTag] = etag
        reply.fields[.lastModified] = lastModified
        reply.fields[.blobType] = "BlockBlob"
        addStorageHeaders(to: &reply)
        if status == 206 {
            reply.fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(content.count)"
        }
        var transfer = BlobTransfer(content: content, range: range, index: index, generation: generation)
        transfer.fault = drawn.body
        transfer.checksum = checksum(of: content, drawn)
        if request.method == .head {
            transfer.sendsBody = false
        } else {
            store[index].downloads.increase()
            stats.downloads += 1
        }
        reply.body = .blob(transfer)
        return reply
    }

    /// The checksum that is sent with a file: large files have none, as at the service.
    private func checksum(of content: BlobContent, _ drawn: FaultPlan.Drawn) -> BlobTransfer.Checksum {
        if drawn.wrongMD5 { return .wrong }
        return content.count <= configuration.blobs.contentMD5Limit ? .right : .none
    }

    /// Records the result of a download.
    mutating func finished(_ transfer: BlobTransfer, sent: Int) {
        guard transfer.generation == generation else { return }
        stats.blobBytes += sent
        if sent == transfer.range.count {
            stats.completedDownloads += 1
            store[transfer.index].completedDownloads.increase()
        }
    }

    private mutating func authenticationFailed(_ detail: String, at now: Timestamp) -> ServiceReply {
        storageError(
            403,
            "AuthenticationFailed",
            "Server failed to authenticate the request.",
            detail: detail,
            at: now
        )
    }

    private mutating func storageError(
        _ status: Int,
        _ code: String,
        _ message: String,
        detail: String? = nil,
        at now: Timestamp
    ) -> ServiceReply {
        var bytes: [UInt8] = []
        bytes.appendText("<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>\(code)</Code><Message>\(message)")
        bytes.appendText("\nRequestId:\(GUID(using: &random).text)\nTime:\(now.serviceText)</Message>")
        if let detail {
            bytes.appendText("<AuthenticationErrorDetail>\(detail)</AuthenticationErrorDetail>")
        }
        bytes.appendText("</Error>")
        var reply = ServiceReply(status: status)
        reply.fields[.contentType] = "application/xml"
        reply.fields[.storageErrorCode] = code
        reply.body = .bytes(bytes)
        addStorageHeaders(to: &reply)
        return reply
    }

    private func addStorageHeaders(to reply: inout ServiceReply) {
        reply.fields[.storageVersion] = "2023-11-03"
    }

    private static func etag(of record: ExportRecord, count: Int) -> String {
        var bytes: [UInt8] = []
        GUID(high: record.id.high ^ UInt64(count), low: record.id.low).append(to: &bytes)
        return "\"0x8D\(String(decoding: bytes.suffix(12), as: UTF8.self).uppercased())\""
    }
}
