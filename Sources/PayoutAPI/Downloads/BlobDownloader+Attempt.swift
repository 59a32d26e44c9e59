import HTTPAccess

/// How one attempt ended, and the progress of the download after it. `BlobDownloader` decides by it what to do next.
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
    /// Whether the next attempt cannot continue from the consumer's bytes.
    var mustRestart = false
}

extension BlobDownloader {
    /// Runs one attempt, and ends it when the network stalls or is too slow.
    func watchedAttempt(
        url: SASURL,
        progress: DownloadProgress,
        consumer: some BlobConsumer
    ) async -> AttemptOutcome {
        let watch = StallWatch(
            timeout: configuration.stallTimeout,
            rate: configuration.minimumRate,
            clock: environment.clock
        )
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
