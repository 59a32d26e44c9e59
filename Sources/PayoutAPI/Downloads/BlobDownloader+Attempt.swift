import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// How one attempt ended, and how far the download is now.
struct AttemptOutcome: Sendable {
    enum End: Sendable {
        case complete
        /// The network or the server failed.
        case failed(BlobDownloadError)
        /// The consumer failed or the task was cancelled: no further attempt.
        case abandoned(any Error)
    }

    var progress: DownloadProgress
    var end: End
    /// Whether what the consumer has cannot be gone on from.
    var mustRestart = false
}

// One attempt: a request, redirects, and as much of the body as comes.

extension BlobDownloader {
    /// An attempt that is given up when the network keeps it waiting for too long.
    func watchedAttempt(
        url: SASURL,
        progress: DownloadProgress,
        consumer: some BlobConsumer
    ) async -> AttemptOutcome {
        let watch = StallWatch(timeout: self.configuration.stallTimeout, clock: self.environment.clock)
        return await withTaskGroup(of: AttemptOutcome?.self) { group in
            group.addTask {
                var attempt = DownloadAttempt(downloader: self, watch: watch, url: url, progress: progress)
                return await attempt.run(consumer)
            }
            group.addTask {
                await watch.run()
                return nil
            }
            var outcome = AttemptOutcome(progress: progress, end: .abandoned(CancellationError()))
            while let finished = await group.next() {
                if let finished { outcome = finished }
                group.cancelAll()
            }
            return outcome
        }
    }
}

/// The state of one attempt.
private struct DownloadAttempt {
    let downloader: BlobDownloader
    let watch: StallWatch
    let url: SASURL
    var progress: DownloadProgress
    private var mustRestart = false
    /// How many bytes of the body the consumer has already.
    private var skipping: Int64 = 0

    init(downloader: BlobDownloader, watch: StallWatch, url: SASURL, progress: DownloadProgress) {
        self.downloader = downloader
        self.watch = watch
        self.url = url
        self.progress = progress
    }

    mutating func run(_ consumer: some BlobConsumer) async -> AttemptOutcome {
        do {
            let response = try await self.response()
            try await self.prepare(for: response, consumer)
            try await self.receive(response.body, consumer)
            return AttemptOutcome(progress: self.progress, end: .complete)
        } catch let error as BlobDownloadError {
            return AttemptOutcome(progress: self.progress, end: .failed(error), mustRestart: self.mustRestart)
        } catch let error as ConsumerError {
            return AttemptOutcome(progress: self.progress, end: .abandoned(error.underlying))
        } catch {
            let end: AttemptOutcome.End =
                if self.watch.isStalled {
                    .failed(self.error(.stalled))
                } else if Task.isCancelled {
                    .abandoned(CancellationError())
                } else {
                    .failed(self.error(.transport(TransportFault(error).failure)))
                }
            return AttemptOutcome(progress: self.progress, end: end, mustRestart: self.mustRestart)
        }
    }

    private func error(_ reason: BlobDownloadError.Reason) -> BlobDownloadError {
        BlobDownloadError(reason: reason, url: self.url)
    }

    // MARK: - Head

    /// The answer with the file's bytes, after redirects.
    private mutating func response() async throws -> HTTPClientResponse {
        var target = self.url.unredacted
        for _ in 0...self.downloader.configuration.maximumRedirects {
            if let objection = self.downloader.configuration.hosts.objection(to: target) {
                throw self.error(.refusedURL(objection))
            }
            let response = try await self.send(target)
            switch response.status.code {
            case 200:
                return response
            case 206 where self.progress.canResume:
                return response
            case 301, 302, 303, 307, 308:
                guard let location = response.headers.first(name: "location"),
                    let next = resolve(location, against: target)
                else { throw self.error(.protocolViolation("a redirect does not say where to")) }
                target = next
            default:
                throw await self.refusal(response)
            }
        }
        throw self.error(.protocolViolation("too many redirects"))
    }

    private func send(_ target: String) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: target)
        request.headers = [
            // The file as it is stored: lengths, checksums and ranges are of these bytes.
            "accept": "*/*", "accept-encoding": "identity", "user-agent": self.downloader.configuration.userAgent,
        ]
        if self.progress.canResume, let etag = self.progress.strongETag {
            request.headers.add(name: "range", value: "bytes=\(self.progress.offset)-")
            request.headers.add(name: "if-range", value: etag)
        }
        let stall = self.downloader.configuration.stallTimeout + self.downloader.transport.configuration.connectTimeout
        self.watch.beginWait()
        // The watch is what ends the wait; the deadline is for clocks in tests that stand still.
        let response = try await self.downloader.transport.telemetrySend(
            request,
            timeout: stall * 2,
            clock: self.downloader.environment.clock
        )
        guard self.watch.endWait() else { throw self.error(.stalled) }
        return response
    }

    /// The error for a status that brings no bytes.
    private mutating func refusal(_ response: HTTPClientResponse) async -> BlobDownloadError {
        let status = Int(response.status.code)
        self.watch.beginWait()
        let body = (try? await response.body.collect(upTo: 64 * 1024)) ?? ByteBuffer()
        _ = self.watch.endWait()
        let code =
            response.headers.first(name: "x-ms-error-code").map { Redaction.scrub($0) }
            ?? ServiceError(body: body, secrets: [])?.code
        return BlobDownloadError(
            reason: self.reason(status: status, code: code),
            url: self.url,
            httpStatus: status,
            serviceCode: code,
            retryAfter: retryAfter(in: response.headers, now: self.downloader.environment.clock.now()),
            requestID: response.headers.first(name: "x-ms-request-id").map { Redaction.scrub($0) }
        )
    }

    private mutating func reason(status: Int, code: String?) -> BlobDownloadError.Reason {
        switch status {
        case 401, 403:
            // Azure's words for what a fresh signature does not mend. Anything else is taken for an expired one, however
            // it is said.
            let isFinal = ["Authorization", "Insufficient", "AccountIs", "PublicAccess"].contains {
                code?.hasPrefix($0) ?? false
            }
            return isFinal && !self.downloader.hasExpired(self.url) ? .forbidden : .expired
        case 404, 410:
            return .notFound
        case 412, 416:
            // What the consumer has is not part of what the server has.
            guard self.progress.offset > 0 else { return .rejected }
            self.mustRestart = true
            return .corrupted("the file is not the one that the download began with")
        case 408, 425, 429, 500...599:
            return .unavailable
        case 400...499:
            return .rejected
        default:
            return .protocolViolation("the answer is neither the file nor an error")
        }
    }

    // MARK: - Body

    /// Finds out where the body begins, and tells the consumer of a new beginning.
    private mutating func prepare(for response: HTTPClientResponse, _ consumer: some BlobConsumer) async throws {
        let headers = response.headers
        let etag = headers.first(name: "etag")
        let length = headers.first(name: "content-length").flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
        if response.status.code == 206 {
            // The server was told which file is meant, so it need not say so again.
            guard etag == nil || etag == self.progress.etag,
                let range = ContentRange(headers.first(name: "content-range")), range.start == self.progress.offset,
                range.total == nil || self.progress.expectedSize == nil || range.total == self.progress.expectedSize
            else {
                self.mustRestart = true
                throw self.error(.corrupted("the file has changed while it was fetched"))
            }
            self.progress.expectedSize = self.progress.expectedSize ?? range.total
            return
        }
        let isSame =
            self.progress.canResume && etag == self.progress.etag
            && (length == nil || length == self.progress.expectedSize)
        if isSame {
            // The server does not do ranges; it sends the same bytes again.
            self.skipping = self.progress.offset
            return
        }
        if self.progress.offset > 0 || self.progress.hasBegun {
            try await ConsumerError.wrap { try await consumer.restart() }
        }
        self.progress = DownloadProgress()
        self.progress.expectedSize = length
        self.progress.etag = etag
        self.progress.contentType = headers.first(name: "content-type")
        self.progress.contentMD5 = headers.first(name: "content-md5").flatMap(md5Digest)
        let info = BlobInfo(
            expectedSize: length,
            contentType: self.progress.contentType,
            etag: etag,
            fileName: self.url.fileName
        )
        try await ConsumerError.wrap { try await consumer.begin(info) }
        self.progress.hasBegun = true
    }

    private mutating func receive(_ body: HTTPClientResponse.Body, _ consumer: some BlobConsumer) async throws {
        var digests = DigestPipe(self.progress.digests, withMD5: self.progress.contentMD5 != nil)
        do {
            try await self.takeChunks(of: body, consumer, &digests)
        } catch {
            // A further attempt goes on from here.
            self.progress.digests = await digests.settled()
            throw error
        }
        self.progress.digests = await digests.settled()
        if let expected = self.progress.expectedSize, self.progress.offset < expected, self.progress.canResume {
            throw self.error(.transport(.closed))
        }
        if let damage = self.progress.damage() {
            self.mustRestart = true
            throw self.error(.corrupted(damage))
        }
    }

    private mutating func takeChunks(
        of body: HTTPClientResponse.Body,
        _ consumer: some BlobConsumer,
        _ digests: inout DigestPipe
    ) async throws {
        var iterator = body.makeAsyncIterator()
        while true {
            self.watch.beginWait()
            let next = try await iterator.next()
            guard self.watch.endWait() else { throw self.error(.stalled) }
            guard var chunk = next else { break }
            if self.skipping > 0 {
                let skipped = min(self.skipping, Int64(chunk.readableBytes))
                chunk.moveReaderIndex(forwardBy: Int(skipped))
                self.skipping -= skipped
            }
            guard chunk.readableBytes > 0 else { continue }
            let piece = chunk
            await digests.add(piece)
            try await ConsumerError.wrap { try await consumer.receive(piece) }
            self.progress.take(piece)
            if let expected = self.progress.expectedSize, self.progress.offset > expected { break }
        }
    }
}

/// What the consumer threw: it must not be taken for a failure of the network.
private struct ConsumerError: Error {
    let underlying: any Error

    static func wrap(_ body: () async throws -> Void) async throws(ConsumerError) {
        do {
            try await body()
        } catch {
            throw ConsumerError(underlying: error)
        }
    }
}
