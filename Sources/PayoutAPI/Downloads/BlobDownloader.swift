public import HTTPAccess
public import Logging
public import NIOCore

/// Downloads the files of exports at the pace of their consumer, in a fixed amount of memory.
///
/// An interrupted download continues at the same byte as long as the file is the same; otherwise the consumer restarts. No
/// `Authorization` header is ever sent, and requests go to allowed hosts only.
public struct BlobDownloader: Sendable {
    /// The allowed hosts, and the limits of a download.
    public struct Configuration: Sendable {
        /// The hosts that files may be downloaded from.
        public var hosts: BlobHostRules = .azure
        /// The longest wait for the answer, and for the next byte.
        public var stallTimeout: Duration = .seconds(30)
        /// The minimum rate of a download; a slower attempt is ended, and the next one continues at the same byte.
        public var minimumRate = MinimumRate(bytes: 32 * 1024, window: .seconds(10))
        /// The most slow attempts in a row before the error is thrown; 1 throws at the first.
        public var maximumSlowAttempts = 5
        /// The most failed attempts in a row without progress before the error is thrown; 1 throws at the first. Progress means
        /// 256 KiB more than any attempt before.
        public var maximumAttempts = 5
        /// The waits between attempts: the upper bound doubles from the first value to the second.
        public var backOff: ClosedRange<Duration> = .milliseconds(500) ... .seconds(30)
        /// How many redirects are followed in a row, each to an allowed host only.
        public var maximumRedirects = 3
        /// The most new URLs in a row without progress.
        public var maximumRefreshes = 3
        /// The `User-Agent` header.
        public var userAgent = "payout-api"

        /// The defaults.
        public init() {}
    }

    let configuration: Configuration
    let transport: HTTPTransport
    let environment: HTTPEnvironment
    let logger: Logger?

    /// Makes a downloader.
    ///
    /// - Parameters:
    ///   - configuration: The allowed hosts, and the limits of a download.
    ///   - transport: The connections to use.
    ///   - environment: The sources of time and randomness.
    ///   - logger: Logs failed attempts.
    public init(
        configuration: Configuration = Configuration(),
        transport: HTTPTransport,
        environment: HTTPEnvironment = .system,
        logger: Logger? = nil
    ) {
        self.configuration = configuration
        self.transport = transport
        self.environment = environment
        self.logger = logger
    }

    /// Downloads a file.
    ///
    /// - Parameters:
    ///   - url: The file's URL.
    ///   - consumer: Receives the file's bytes.
    ///   - refreshURL: Returns a new URL of the same file when the signature has expired. Without it, an expired signature ends
    ///     the download.
    /// - Throws: ``BlobDownloadError``, `CancellationError`, or an error of the consumer or of `refreshURL`.
    public func download(
        _ url: SASURL,
        to consumer: some BlobConsumer,
        refreshURL: (@Sendable () async throws -> SASURL)? = nil
    ) async throws -> DownloadedBlob {
        var url = url
        var progress = DownloadProgress()
        var budget = DownloadBudget(configuration: self.configuration)
        if hasExpired(url) {
            guard let refreshURL else { throw BlobDownloadError(reason: .expired, url: url) }
            budget.refreshes += 1
            // The new URL's expiry is not compared with this machine's clock, which may be wrong.
            url = try await refreshURL()
        }
        // The failure that ended the bytes that the consumer has.
        var interruption: BlobDownloadError?
        while true {
            try Task.checkCancellation()
            let outcome = await watchedAttempt(url: url, progress: progress, consumer: consumer)
            let hasAdvanced = outcome.progress.offset != progress.offset
            progress = outcome.progress
            switch outcome.end {
            case .complete:
                return progress.finished(fileName: url.fileName)
            case .abandoned(let error):
                throw error is RestartRefused ? restartFailure(interruption, progress, url) : error
            case .failed(let error):
                try Task.checkCancellation()
                if hasAdvanced { interruption = error }
                budget.note(reached: progress.offset)
                let fresh = refreshURL != nil && budget.allowsRefresh(after: error) ? refreshURL : nil
                if fresh == nil {
                    guard error.reason != .expired else { throw error }
                    try await pause(after: error, budget: &budget)
                }
                if outcome.mustRestart {
                    do { try await consumer.restart() } catch is RestartRefused { throw error }
                    progress = DownloadProgress()
                }
                if let fresh { url = try await fresh() }
            }
        }
    }

    /// Downloads a file with closures in place of a consumer.
    ///
    /// - Parameters:
    ///   - url: The file's URL.
    ///   - refreshURL: Returns a new URL of the same file when the signature has expired.
    ///   - onRestart: Discards the received bytes; the file begins again from its first byte.
    ///   - onChunk: Receives the next bytes; more are read when it has returned.
    /// - Throws: ``BlobDownloadError``, `CancellationError`, or an error of a closure.
    public func download(
        _ url: SASURL,
        refreshURL: (@Sendable () async throws -> SASURL)? = nil,
        onRestart: @escaping @Sendable () async throws -> Void,
        onChunk: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) async throws -> DownloadedBlob {
        try await download(
            url,
            to: ClosureBlobConsumer(onRestart: onRestart, onChunk: onChunk),
            refreshURL: refreshURL
        )
    }

    func hasExpired(_ url: SASURL) -> Bool {
        url.expiresAt.map { $0 <= self.environment.clock.now() } ?? false
    }

    /// The error of a download whose consumer cannot restart, because the storage sends the file from its beginning.
    private func restartFailure(
        _ interruption: BlobDownloadError?,
        _ progress: DownloadProgress,
        _ url: SASURL
    ) -> BlobDownloadError {
        // Only a file with a strong ETag is known to be another one.
        if let interruption, !progress.canResume { return interruption }
        return BlobDownloadError(reason: .corrupted("the file has changed during the download"), url: url)
    }

    /// Waits before the next attempt; throws the error when it is permanent or the attempts are used up.
    private func pause(after error: BlobDownloadError, budget: inout DownloadBudget) async throws {
        guard error.recovery == .retryable, !budget.isSettled(by: error), budget.countAttempt(after: error) else {
            throw error
        }
        let delay = budget.delay(retryAfter: error.retryAfter, random: self.environment.random())
        self.logger?.info(
            "Download failed, retrying",
            metadata: [
                "error.type": "\(error.code)", "url.full": "\(error.location)", "delay": "\(delay)",
            ]
        )
        try await self.environment.clock.sleep(for: delay)
    }
}

/// The failures of one download, and whether a further attempt or a new URL is permitted.
private struct DownloadBudget {
    /// The progress, in bytes beyond every attempt before, that resets the counts.
    private static let leastProgress: Int64 = 256 * 1024

    let configuration: BlobDownloader.Configuration
    var failures = 0
    var slowAttempts = 0
    var refreshes = 0
    /// Whether a new URL was requested after wrong content. Never reset: a wrong file makes no progress.
    private var hasRefreshedForContent = false
    /// Whether a new URL was requested after a refusal, since the last progress.
    private var hasRefreshedForRefusal = false
    private var furthest: Int64 = 0

    init(configuration: BlobDownloader.Configuration) {
        self.configuration = configuration
    }

    /// Resets the counts after progress. Only bytes beyond every attempt before count: a file that is damaged each time makes no
    /// progress.
    mutating func note(reached offset: Int64) {
        guard offset - furthest >= Self.leastProgress else { return }
        furthest = offset
        failures = 0
        slowAttempts = 0
        refreshes = 0
        hasRefreshedForRefusal = false
    }

    /// Counts a failed attempt, and returns whether another one is permitted.
    mutating func countAttempt(after error: BlobDownloadError) -> Bool {
        failures += 1
        if error.reason == .stalled || error.reason == .tooSlow { slowAttempts += 1 }
        return failures < self.configuration.maximumAttempts
            && slowAttempts < self.configuration.maximumSlowAttempts
    }

    /// Whether the error is final because a new URL had the same result.
    func isSettled(by error: BlobDownloadError) -> Bool {
        switch error.reason {
        case .wrongContent, .unframed: hasRefreshedForContent
        default: false
        }
    }

    /// Whether a new URL may help. Storages refuse expired signatures in more ways than the documented one, so another refusal is
    /// final only when a new URL has the same result.
    mutating func allowsRefresh(after error: BlobDownloadError) -> Bool {
        switch error.reason {
        case .expired:
            refreshes += 1
            return refreshes <= self.configuration.maximumRefreshes
        case .forbidden, .notFound, .rejected:
            guard !hasRefreshedForRefusal, self.configuration.maximumRefreshes > 0 else { return false }
            hasRefreshedForRefusal = true
            return true
        case .wrongContent, .unframed, .corrupted:
            // One new URL; when its content is wrong too, the error is thrown.
            guard !hasRefreshedForContent, self.configuration.maximumRefreshes > 0 else { return false }
            hasRefreshedForContent = true
            return true
        default:
            return false
        }
    }

    func delay(retryAfter: Duration?, random: Double) -> Duration {
        let policy = RetryPolicy(
            maximumAttempts: self.configuration.maximumAttempts,
            baseDelay: self.configuration.backOff.lowerBound,
            maximumDelay: self.configuration.backOff.upperBound,
            deadline: .zero
        )
        return policy.delay(after: failures, retryAfter: retryAfter, random: random)
    }
}
