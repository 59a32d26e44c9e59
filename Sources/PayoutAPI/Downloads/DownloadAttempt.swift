import HTTPAccess
import NIOCore
import NIOHTTP1
import Primitives

/// One attempt of a download: a request, its redirects, and as much of the body as arrives. `BlobDownloader` makes one after
/// another, each with the progress of the one before.
struct DownloadAttempt {
    let downloader: BlobDownloader
    let watch: StallWatch
    let url: SASURL
    var progress: DownloadProgress
    var mustRestart = false
    /// How many bytes at the beginning of the body the consumer already has.
    var skipping: Int64 = 0

    init(downloader: BlobDownloader, watch: StallWatch, url: SASURL, progress: DownloadProgress) {
        self.downloader = downloader
        self.watch = watch
        self.url = url
        self.progress = progress
    }

    mutating func run(_ consumer: some BlobConsumer) async -> AttemptOutcome {
        do {
            let response = try await self.response()
            try await prepare(for: response, consumer)
            try await receive(response.body, consumer)
            return AttemptOutcome(progress: self.progress, end: .complete)
        } catch let error as BlobDownloadError {
            return AttemptOutcome(progress: self.progress, end: .failed(error), mustRestart: self.mustRestart)
        } catch let error as ConsumerError {
            return AttemptOutcome(progress: self.progress, end: .abandoned(error.underlying))
        } catch {
            let end: AttemptOutcome.End =
                if let finding = self.watch.finding {
                    .failed(self.error(finding.reason))
                } else if Task.isCancelled {
                    .abandoned(CancellationError())
                } else {
                    .failed(self.error(.transport((error as? TransportFault)?.failure ?? .other)))
                }
            return AttemptOutcome(progress: self.progress, end: end, mustRestart: self.mustRestart)
        }
    }

    /// Ends a wait for the network; throws when the watch has ended the attempt.
    func endWait(received: Int = 0) throws {
        guard !self.watch.endWait(received: received) else { return }
        throw self.error((self.watch.finding ?? .stalled).reason)
    }

    func error(_ reason: BlobDownloadError.Reason) -> BlobDownloadError {
        BlobDownloadError(reason: reason, url: self.url)
    }

    // MARK: - Head

    /// The answer with the file's bytes, after redirects.
    private mutating func response() async throws -> StreamingAnswer {
        var target = self.url.unredacted
        for _ in 0...self.downloader.configuration.maximumRedirects {
            if let objection = self.downloader.configuration.hosts.objection(to: target) {
                throw self.error(.refusedURL(objection))
            }
            let response = try await send(target)
            switch response.status {
            case 200:
                return response
            case 206 where self.progress.canResume:
                return response
            case 301, 302, 303, 307, 308:
                guard let location = response.headers.first(name: "location"),
                    let next = resolve(location, against: target)
                else { throw self.error(.protocolViolation("a redirect has no valid location")) }
                target = next
            default:
                throw await refusal(response)
            }
        }
        throw self.error(.protocolViolation("too many redirects"))
    }

    private func send(_ target: String) async throws -> StreamingAnswer {
        var headers: HTTPHeaders = [
            // No compression in transit: lengths, checksums and ranges are those of the stored bytes.
            "accept": "*/*", "accept-encoding": "identity", "user-agent": self.downloader.configuration.userAgent,
        ]
        if self.progress.canResume, let etag = self.progress.strongETag {
            headers.add(name: "range", value: "bytes=\(self.progress.offset)-")
            headers.add(name: "if-range", value: etag)
        }
        let transport = self.downloader.transport
        let location = WebLocation(target)
        self.watch.beginWait()
        let response = try await transport.telemetry(host: location?.host ?? "", port: location?.explicitPort).open(
            OutgoingRequest(
                method: .GET,
                url: target,
                headers: headers,
                // The watch ends the wait; the deadline is for tests whose clock stands still.
                timeout: (self.downloader.configuration.stallTimeout + transport.configuration.connectTimeout) * 2,
                decodesAnswer: false
            ),
            over: transport,
            route: HTTPRoute("GET", "/{container}/{blob}"),
            clock: self.downloader.environment.clock
        )
        try endWait()
        return response
    }

    /// The error for a status without a file.
    private mutating func refusal(_ response: StreamingAnswer) async -> BlobDownloadError {
        let status = response.status
        self.watch.beginWait()
        let body = (try? await response.body.collect(upTo: 64 * 1024)) ?? ByteBuffer()
        _ = self.watch.endWait()
        let code = ResponseWord.code(
            response.headers.first(name: "x-ms-error-code") ?? ServiceError(body: body, secrets: [])?.code
        )
        return BlobDownloadError(
            reason: self.reason(status: status, code: code),
            url: self.url,
            httpStatus: status,
            serviceCode: code,
            retryAfter: retryAfter(in: response.headers, now: self.downloader.environment.clock.now()),
            requestID: ResponseWord.requestID(response.headers.first(name: "x-ms-request-id"))
        )
    }

    private mutating func reason(status: Int, code: String?) -> BlobDownloadError.Reason {
        switch status {
        case 401, 403:
            // The beginnings of Azure's codes for what a new signature does not resolve. Every other code is treated as an
            // expired signature.
            let isFinal = ["Authorization", "Insufficient", "AccountIs", "PublicAccess"].contains {
                code?.hasPrefix($0) ?? false
            }
            return isFinal && !self.downloader.hasExpired(self.url) ? .forbidden : .expired
        case 404, 410:
            return .notFound
        case 412, 416:
            // The consumer's bytes are not part of the server's file.
            guard self.progress.offset > 0 else { return .rejected }
            self.mustRestart = true
            return .corrupted("the file has changed since the download began")
        case 408, 425, 429, 500...599:
            return .unavailable
        case 400...499:
            return .rejected
        default:
            return .protocolViolation("the answer is neither the file nor an error")
        }
    }
}

extension StallWatch.Finding {
    fileprivate var reason: BlobDownloadError.Reason {
        switch self {
        case .stalled: .stalled
        case .tooSlow: .tooSlow
        }
    }
}
