public import struct Foundation.UUID
import HTTPAccess

/// The states of an export until it is ready or has failed: ``PayoutClient/updates(of:polling:correlationID:)`` makes it.
public struct ExportUpdates: AsyncSequence, Sendable {
    let client: PayoutClient
    let export: Export
    let polling: ExportPolling
    let correlationID: UUID

    /// Polls the export while the caller waits for the next state.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let updates: ExportUpdates
        private var last: Export?
        private var polls = 0
        private var failures = 0
        private var end: Duration?
        /// The wait that the service asked for with its last answer.
        private var retryAfter: Duration?

        fileprivate init(_ updates: ExportUpdates) { self.updates = updates }

        /// The next state that differs from the one before; nil after the last one.
        ///
        /// - Throws: ``PayoutAPIError``, ``ExportNotCompleted`` after the time-out, or `CancellationError`.
        public mutating func next() async throws -> Export? {
            if let last, last.isReady || last.status == .failed { return nil }
            let clock = updates.client.environment.clock
            let end = end ?? clock.uptime() + updates.polling.timeout
            self.end = end
            while true {
                if polls > 0 { try await pause(until: end) }
                polls += 1
                guard let export = try await poll(until: end) else { continue }
                guard export.status != last?.status || export.isReady else { continue }
                last = export
                return export
            }
        }

        private func pause(until end: Duration) async throws {
            let environment = updates.client.environment
            let left = end - environment.clock.uptime()
            let least = retryAfter ?? .zero
            // No poll that the service permits is in time: waiting for the end would be useless.
            guard left > .zero, least <= left else { throw ExportNotCompleted(updates.export, .timedOut) }
            let wait = updates.polling.wait(after: polls, random: environment.random())
            try await environment.clock.sleep(for: Swift.min(Swift.max(wait, least), left))
        }

        /// The export; nil after a failure that another poll may not have.
        private mutating func poll(until end: Duration) async throws -> Export? {
            var client = updates.client
            // The client's own retries end with the time-out too.
            let left = Swift.max(end - client.environment.clock.uptime(), .zero)
            client.configuration.retryPolicy.deadline = Swift.min(client.configuration.retryPolicy.deadline, left)
            do {
                let export = try await client.get(updates.export, correlationID: updates.correlationID)
                (failures, retryAfter) = (0, nil)
                return export
            } catch let error as PayoutAPIError where error.recovery == .retryable || error.recovery == .throttled {
                failures += 1
                guard failures < updates.polling.maximumFailures else { throw error }
                retryAfter = error.retryAfter
                return nil
            }
        }
    }

    /// Begins with a poll.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}

extension PayoutClient {
    /// The states of an export, from the present one on: each that differs from the one before, until the export is ready
    /// or has failed.
    ///
    /// Transient errors do not end the sequence before ``ExportPolling/maximumFailures`` in a row.
    ///
    /// - Parameters:
    ///   - export: The export.
    ///   - polling: How often and how long it is polled.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    public func updates(
        of export: Export,
        polling: ExportPolling = ExportPolling(),
        correlationID: UUID = UUID()
    ) -> ExportUpdates {
        ExportUpdates(client: self, export: export, polling: polling, correlationID: correlationID)
    }

    /// Waits until an export has a file.
    ///
    /// - Parameters:
    ///   - export: The export.
    ///   - polling: How often and how long it is polled.
    ///   - correlationID: The id by which the service's logs trace the calls of one job.
    /// - Returns: The export with the URL of its file.
    /// - Throws: ``ExportNotCompleted`` where it fails or takes too long, ``PayoutAPIError``, or `CancellationError`.
    public func waitUntilCompleted(
        _ export: Export,
        polling: ExportPolling = ExportPolling(),
        correlationID: UUID = UUID()
    ) async throws -> Export {
        for try await update in updates(of: export, polling: polling, correlationID: correlationID) {
            if update.isReady { return update }
        }
        throw ExportNotCompleted(export, .failed)
    }
}
