import Hummingbird
import HTTPTypes
import NIOCore

/// A request's view of its connection.
struct SandboxContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}

/// Passes requests to the service and its replies back, and applies a fault's effect to the connection.
struct SandboxResponder: HTTPResponder {
    /// Stops the writing of a body whose connection is closed on purpose.
    private struct BodyBroken: Error {}

    private static let bodyLimit = 1024 * 1024

    let service: ServiceBox
    /// Control paths of other parts of the program.
    let control: (@Sendable (PayoutSandbox.ControlRequest) async -> PayoutSandbox.ControlReply?)?

    func respond(to request: Request, context: SandboxContext) async throws -> Response {
        let target = request.head.path ?? "/"
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var serviceRequest = ServiceRequest(
            method: request.method,
            path: String(parts.first ?? "/"),
            query: parts.count > 1 ? String(parts[1]) : "",
            fields: request.headers
        )
        // Only token requests and the control paths have a body that matters.
        if request.method != .get, !serviceRequest.path.hasPrefix("/v1.0/") {
            let body: ByteBuffer
            do {
                body = try await request.body.collect(upTo: Self.bodyLimit)
            } catch let error as any HTTPResponseError {
                return Response(status: error.status)
            }
            serviceRequest.body = Array(body.readableBytesView)
        }
        let reply = await controlReply(to: serviceRequest) ?? service.reply(to: serviceRequest)
        if reply.delay > 0 { try await service.clock.sleep(nanoseconds: reply.delay) }
        if reply.closesConnection {
            try? await context.channel.close()
            return Response(status: .internalServerError)
        }
        if case .blob(let transfer) = reply.body, case .unframed(let share) = transfer.fault {
            var transfer = transfer
            transfer.content.prepare()
            let sent = await UnframedAnswer(transfer: transfer, share: share).send(over: context.channel)
            service.finished(transfer, sent: sent)
            return Response(status: .internalServerError)
        }
        return response(for: reply)
    }

    private func controlReply(to request: ServiceRequest) async -> ServiceReply? {
        guard let control, request.path.hasPrefix("/_sandbox/") else { return nil }
        let asked = PayoutSandbox.ControlRequest(
            method: request.method.rawValue,
            path: request.path,
            body: request.body
        )
        guard let answer = await control(asked) else { return nil }
        return .json(answer.json, status: answer.status)
    }

    private func response(for reply: ServiceReply) -> Response {
        let status = HTTPResponse.Status(code: reply.status)
        switch reply.body {
        case .bytes(let bytes):
            return Response(
                status: status,
                headers: reply.fields,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
            )
        case .blob(let transfer):
            return blobResponse(transfer, status: status, fields: reply.fields)
        case .journal(let form):
            return Response(status: status, headers: reply.fields, body: journalBody(form))
        }
    }

    private func blobResponse(_ transfer: BlobTransfer, status: HTTPResponse.Status, fields: HTTPFields) -> Response {
        var transfer = transfer
        var fields = fields
        transfer.content.prepare()
        let name: HTTPField.Name = status.code == 206 ? .blobContentMD5 : .contentMD5
        switch transfer.checksum {
        case .none: break
        case .right: fields[name] = transfer.content.md5()
        // The MD5 of nothing: well-formed, and wrong for every file.
        case .wrong: fields[name] = "1B2M2Y8AsgTpgAmY7PhCfg=="
        }
        guard transfer.sendsBody else { return Response(status: status, headers: fields) }
        let prepared = transfer
        let service = service
        let body = ResponseBody(contentLength: prepared.range.count) { writer in
            try await Self.write(prepared, to: &writer, service: service)
            try await writer.finish(nil)
        }
        return Response(status: status, headers: fields, body: body)
    }

    private static func write(
        _ transfer: BlobTransfer,
        to writer: inout any ResponseBodyWriter,
        service: ServiceBox
    ) async throws {
        var offset = transfer.range.lowerBound
        var pause = transfer.range.upperBound
        switch transfer.fault {
        case .breaks(let share):
            pause = offset + Int(Double(transfer.range.count) * min(max(share, 0), 0.999_999))
        case .stalls:
            pause = offset + transfer.range.count / 2
        case .trickles: pause = offset
        case .page, .unframed, nil: break
        }
        defer { service.finished(transfer, sent: offset - transfer.range.lowerBound) }
        while offset < pause {
            offset += try await write(transfer.content, from: offset, to: pause, writer: &writer)
        }
        switch transfer.fault {
        case .breaks: throw BodyBroken()
        case .stalls(let nanoseconds): try await service.clock.sleep(nanoseconds: nanoseconds)
        case .trickles(let nanoseconds):
            while offset < transfer.range.upperBound {
                try await service.clock.sleep(nanoseconds: nanoseconds)
                offset += try await write(transfer.content, from: offset, to: offset + 1, writer: &writer)
            }
        case .page, .unframed, nil: break
        }
        while offset < transfer.range.upperBound {
            offset += try await write(transfer.content, from: offset, to: transfer.range.upperBound, writer: &writer)
        }
    }

    private static func write(
        _ content: BlobContent,
        from offset: Int,
        to end: Int,
        writer: inout any ResponseBodyWriter
    ) async throws -> Int {
        let chunk = content.chunk(at: offset).prefix(end - offset)
        try await writer.write(ByteBuffer(bytes: chunk))
        return chunk.count
    }

    private func journalBody(_ form: JournalPage.Form) -> ResponseBody {
        let service = service
        return ResponseBody { writer in
            var start: Int? = 0
            while let from = start {
                let page = service.journalPage(from: from, form: form)
                try await writer.write(ByteBuffer(bytes: page.bytes))
                start = page.next
            }
            try await writer.finish(nil)
        }
    }
}
