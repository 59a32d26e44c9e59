public import Logging
public import NIOCore

/// Fetches files from where exports are put, at the pace of whoever takes them, in a fixed amount of memory.
///
/// Interrupted downloads go on where they broke off, as long as the file is the same; the consumer is told when it is
/// not. No `Authorization` header is ever sent, and only allowed hosts are asked.
public struct BlobDownloader: Sendable {
    /// Where files may come from, and how patient a download is.
    public struct Configuration: Sendable {
        /// Which hosts may be asked.
        public var hosts: BlobHostRules = .azure
        /// The longest wait for the next byte.
        public var stallTimeout: Duration = .seconds(60)
        /// How many attempts in a row may fail without getting a good piece further; 1 gives up at the first.
        public var maximumAttempts = 5
        /// The waits between attempts: bounds double from the first to the second.
        public var backOff: ClosedRange<Duration> = .milliseconds(500) ... .seconds(30)
        /// How many redirects are followed in a row, each to an allowed host only.
        public var maximumRedirects = 3
        /// How many fresh URLs are asked for in a row without getting further.
        public var maximumRefreshes = 3
        /// The `User-Agent` header.
        public var userAgent = "payout-api"

        /// The defaults.
        public init() {}
    }

    let configuration: Configuration
    let transport: PayoutTransport
    let environment: PayoutEnvironment
    let logger: Logger?

    /// Makes a downloader.
    ///
    /// - Parameters:
    ///   - configuration: Where files may come from, and how patient a download is.
    ///   - transport: The connections to use.
    ///   - environment: Time and chance.
    ///   - logger: Hears of attempts that failed.
    public init(
        configuration: Configuration = Configuration(),
        transport: PayoutTransport,
        environment: PayoutEnvironment = .system,
        logger: Logger? = nil
    ) {
        self.configuration = configuration
        self.transport = transport
        self.environment = environment
        self.logger = logger
    }

    /// Fetches a file.
    ///
    /// - Parameters:
    ///   - url: Where the file is.
    ///   - consumer: Gets the file's bytes.
    ///   - refreshURL: Yields a fresh URL for the same file when the signature has expired. Without it, an expired
    ///     signature ends the download.
    /// - Throws: ``BlobDownloadError``, `CancellationError`, or what the consumer or `refreshURL` threw.
    public func download(
        _ url: SASURL,
        to consumer: some BlobConsumer,
        refreshURL: (@Sendable () async throws -> SASURL)? = nil
    ) async throws -> DownloadedBlob {
        var url = url
        var progress = DownloadProgress()
        var budget = DownloadBudget(configuration: self.configuration)
        if self.hasExpired(url) {
            guard let refreshURL else { throw BlobDownloadError(reason: .expired, url: url) }
            budget.refreshes += 1
            // Its expiry is not checked again by our clock: that may be the one that is wrong.
            url = try await refreshURL()
        }
        while true {
            try Task.checkCancellation()
            let outcome = await self.watchedAttempt(url: url, progress: progress, consumer: consumer)
            progress = outcome.progress
            switch outcome.end {
            case .complete:
                return progress.finished(fileName: url.fileName)
            case .abandoned(let error):
                throw error
            case .failed(let error):
                try Task.checkCancellation()
                budget.note(reached: progress.offset)
                if let refreshURL, budget.allowsRefresh(after: error) {
                    url = try await refreshURL()
                    continue
                }
                guard error.reason != .expired else { throw error }
                try await self.pause(after: error, budget: &budget)
                if outcome.mustRestart {
                    try await consumer.restart()
                    progress = DownloadProgress()
                }
            }
        }
    }

    /// Fetches a file into closures.
    ///
    /// - Parameters:
    ///   - url: Where the file is.
    ///   - refreshURL: Yields a fresh URL for the same file when the signature has expired.
    ///   - onRestart: Throws away what was received; the file begins again from its first byte.
    ///   - onChunk: Takes the next bytes; more are read when it has returned.
    /// - Throws: ``BlobDownloadError``, `CancellationError`, or what a closure threw.
    public func download(
        _ url: SASURL,
        refreshURL: (@Sendable () async throws -> SASURL)? = nil,
        onRestart: @escaping @Sendable () async throws -> Void,
        onChunk: @escaping @Sendable (ByteBuffer) async throws -> Void
    ) async throws -> DownloadedBlob {
        try await self.download(
            url,
            to: ClosureBlobConsumer(onRestart: onRestart, onChunk: onChunk),
            refreshURL: refreshURL
        )
    }

    func hasExpired(_ url: SASURL) -> Bool {
        url.expiresAt.map { $0 <= self.environment.clock.now() } ?? false
    }

    /// Throws the error when it is final or the attempts are used up, waits otherwise.
    private func pause(after error: BlobDownloadError, budget: inout DownloadBudget) async throws {
        guard error.recovery == .retryable, budget.takeAttempt() else { throw error }
        let delay = budget.delay(retryAfter: error.retryAfter, random: self.environment.random())
        self.logger?.info(
            "download will be tried again",
            metadata: [
                "error.type": "\(error.code)", "url.full": "\(error.location)", "delay": "\(delay)",
            ]
        )
        try await self.environment.clock.sleep(for: delay)
    }
}

/// How often a download may still fail.
private struct DownloadBudget {
    /// After an attempt that gets this much further than any before, the count begins anew.
    private static let goodPiece: Int64 = 256 * 1024

    let configuration: BlobDownloader.Configuration
    var failures = 0
    var refreshes = 0
    /// Whether a refusal has been answered with a fresh URL since the download last got further.
    private var hasDoubted = false
    private var furthest: Int64 = 0

    init(configuration: BlobDownloader.Configuration) {
        self.configuration = configuration
    }

    /// A file that comes whole and damaged each time gets no further: what counts is new ground.
    mutating func note(reached offset: Int64) {
        guard offset - self.furthest >= Self.goodPiece else { return }
        self.furthest = offset
        self.failures = 0
        self.refreshes = 0
        self.hasDoubted = false
    }

    mutating func takeAttempt() -> Bool {
        self.failures += 1
        return self.failures < self.configuration.maximumAttempts
    }

    /// Whether a fresh URL may mend it. Storages refuse expired signatures in more ways than the documented one, so
    /// other refusals are believed when a fresh URL meets them as well.
    mutating func allowsRefresh(after error: BlobDownloadError) -> Bool {
        switch error.reason {
        case .expired:
            self.refreshes += 1
            return self.refreshes <= self.configuration.maximumRefreshes
        case .forbidden, .notFound, .rejected:
            guard !self.hasDoubted, self.configuration.maximumRefreshes > 0 else { return false }
            self.hasDoubted = true
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
        return policy.delay(after: self.failures, retryAfter: retryAfter, random: random)
    }
}
