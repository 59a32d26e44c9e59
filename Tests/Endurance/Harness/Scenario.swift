import EntraIdentity
import Foundation
import HTTPAccess
import PayoutAPI
import PayoutFilters

/// One export from its creation to its end, with all retries: the scenario waits while faults are transient, repeats a
/// request with the same idempotency id, and queues an export again that fails at the service.
struct Scenario: Sendable {
    struct Plan: Sendable {
        var number: Int
        var downloads: Bool
        var deletes: Bool
    }

    enum End: Sendable, Equatable {
        /// The export was completed, and all planned steps succeeded.
        case done
        /// The service reports that there is no such export.
        case missing
        /// The scenario gave up without a final response; the text is the last error.
        case givenUp(String)
    }

    /// One export at the service.
    struct Attempt: Sendable {
        var idempotencyID: UUID
        var requestID: String?
    }

    var plan: Plan
    var attempts: [Attempt] = []
    var end: End = .givenUp("it was never started")

    static func make(_ plan: Plan, _ service: EnduranceService) async throws -> Scenario {
        var scenario = Scenario(plan: plan)
        do {
            try await scenario.run(service)
        } catch let stop as GivenUp {
            scenario.end = .givenUp(stop.reason)
        }
        return scenario
    }

    private struct GivenUp: Error {
        var reason: String
    }

    private var kind: PayoutKind { self.plan.number.isMultiple(of: 2) ? .payments : .transactionHistory }

    private mutating func run(_ service: EnduranceService) async throws {
        let correlationID = UUID()
        while true {
            let id = UUID()
            self.attempts.append(Attempt(idempotencyID: id))
            let (kind, filter) = (self.kind, "paymentId eq 'scenario-\(self.plan.number)'")
            let created = try await Self.persist(service) {
                try await service.client.create(
                    kind: kind,
                    filter: filter,
                    idempotencyID: id,
                    correlationID: correlationID
                )
            }
            guard let created else { throw GivenUp(reason: "a creation was answered with 404") }
            self.attempts[self.attempts.count - 1].requestID = created.requestID
            guard let export = try await self.outcome(of: created.requestID, correlationID, service) else {
                self.end = .missing
                return
            }
            if export.status == .failed { continue }
            return try await self.finish(export, correlationID, service)
        }
    }

    /// The export once it is ready or failed at the service; nil when it is gone.
    private func outcome(of requestID: String, _ correlationID: UUID, _ service: EnduranceService) async throws
        -> Export?
    {
        while true {
            let kind = self.kind
            let export = try await Self.persist(service) {
                try await service.client.get(kind: kind, requestID: requestID, correlationID: correlationID)
            }
            guard let export else { return nil }
            if export.isReady || export.status == .failed { return export }
            try await service.clock.sleep(for: .seconds(1))
        }
    }

    private mutating func finish(_ export: Export, _ correlationID: UUID, _ service: EnduranceService) async throws {
        let (kind, requestID) = (self.kind, export.requestID)
        if self.plan.downloads {
            let isThere = try await Self.download(export, kind, correlationID, service)
            guard isThere else {
                self.end = .missing
                return
            }
        }
        if self.plan.deletes {
            // A missing export counts as deleted: the response may have been lost.
            _ = try await Self.persist(service) {
                try await service.client.delete(kind: kind, requestID: requestID, correlationID: correlationID)
            }
        }
        self.end = .done
    }

    /// - Returns: Whether the export still existed when a new URL was requested.
    private static func download(
        _ export: Export,
        _ kind: PayoutKind,
        _ correlationID: UUID,
        _ service: EnduranceService
    ) async throws -> Bool {
        guard var url = export.blobLocation else { throw GivenUp(reason: "a ready export without a URL") }
        for _ in 0..<service.rounds {
            do {
                _ = try await service.downloader.download(url, refreshURL: nil, onRestart: {}, onChunk: { _ in })
                return true
            } catch let error as BlobDownloadError where error.recovery == .retryable {
                let fresh = try await Self.persist(service) {
                    try await service.client.get(
                        kind: kind,
                        requestID: export.requestID,
                        correlationID: correlationID
                    )
                }
                guard let fresh else { return false }
                url = fresh.blobLocation ?? url
            } catch let error as BlobDownloadError {
                throw GivenUp(reason: "\(error)")
            }
        }
        throw GivenUp(reason: "a download failed too often")
    }

    /// Repeats a call until it succeeds or is refused permanently.
    ///
    /// - Returns: Nil for 404.
    private static func persist<Value: Sendable>(
        _ service: EnduranceService,
        _ call: () async throws -> Value
    ) async throws -> Value? {
        var last = ""
        for _ in 0..<service.rounds {
            do {
                return try await call()
            } catch let error as PayoutAPIError {
                last = "\(error)"
                switch error.recovery {
                case .permanentForJob:
                    if case .notFound = error.reason { return nil }
                    throw GivenUp(reason: last)
                case .permanentForAccount:
                    // Simulates an operator who corrects the account.
                    service.tokens.reset()
                case .retryable, .throttled: break
                }
                try await service.clock.sleep(for: max(error.retryAfter ?? .zero, .seconds(2)))
            }
        }
        throw GivenUp(reason: "tried too often; the last time: \(last)")
    }
}
