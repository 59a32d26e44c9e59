import KafkaClient

/// Finds out which records of a batch the brokers refuse, for `TransactionalCommitter`. A broker names the batch, never the
/// record, so each record is sent as a batch of its own, in transactions that are aborted: no reader of committed records
/// sees any of it.
struct RefusalProbe: Sendable {
    let configuration: KafkaLogConfiguration
    let limits: TopicLimits
    /// How long a search takes at the most, unless its first transaction alone takes longer.
    var patience: Duration = .seconds(20)
    let makeProducer: @Sendable (ProducerBatching) throws -> KafkaTransactionalProducer

    /// Records of one transaction: few enough for the brokers to take each as a batch of its own within the time-out.
    static let chunk = 100
    private static let requestTimeout: Duration = .seconds(5)

    /// What a search found.
    enum Finding: Sendable, Equatable {
        /// All records are taken, one by one.
        case allTaken
        /// The tags of refused records. There may be more of them among the records that come later.
        case refused(Set<UInt>)
        /// The time ran out or a call failed. The records before `end` are taken.
        case unknown(end: Int)
    }

    private enum ChunkFinding {
        case allTaken
        case refused(Set<UInt>)
        /// Something else failed; nothing can be said.
        case failed
    }

    /// Searches the records in order, and stops after the first transaction in which records are refused.
    ///
    /// - Parameter start: up to where an earlier search of the same records came.
    func refused(among records: [KafkaProducerRecord], from start: Int = 0) async -> Finding {
        let deadline = ContinuousClock.now + patience
        var producer: KafkaTransactionalProducer?
        var (end, refused) = (start, Set<UInt>())
        search: while end < records.count {
            let next = min(end + Self.chunk, records.count)
            switch await search(records[end..<next].filter { !refused.contains($0.tag) }, &producer) {
            case .allTaken:
                guard refused.isEmpty else { break search }
                end = next
            case .refused(let tags):
                refused.formUnion(tags)
                // A transaction sends nothing more after its first failure, and its producer is of no use afterwards: the
                // rest of the chunk is searched again, by another one.
                await producer?.close()
                producer = nil
            case .failed: break search
            }
            guard ContinuousClock.now < deadline else { break }
        }
        await producer?.close()
        if !refused.isEmpty { return .refused(refused) }
        return end == records.count ? .allTaken : .unknown(end: end)
    }

    /// Searches in one transaction. Makes the producer where there is none.
    private func search(
        _ records: [KafkaProducerRecord],
        _ producer: inout KafkaTransactionalProducer?
    ) async -> ChunkFinding {
        guard !records.isEmpty else { return .allTaken }
        do {
            if producer == nil {
                let made = try makeProducer(ProducerBatching(limits, configuration.kafka, isSingle: true))
                producer = made
                try await made.initTransactions(timeout: Self.requestTimeout)
            }
            guard let producer else { return .failed }
            try await producer.begin()
            return await search(records, producer)
        } catch {
            return .failed
        }
    }

    private func search(_ records: [KafkaProducerRecord], _ producer: KafkaTransactionalProducer) async -> ChunkFinding
    {
        var (failures, isComplete) = await producer.run { producer in
            var local: [KafkaDeliveryFailure] = []
            for record in records {
                do throws(KafkaError) {
                    try producer.produce(record)
                } catch {
                    local += error.deliveryFailures
                }
            }
            let (reported, isComplete) = producer.settle(timeout: Self.requestTimeout)
            return (local + reported, isComplete)
        }
        do throws(KafkaError) {
            failures += try await producer.abort(timeout: Self.requestTimeout)
        } catch {
            failures += error.deliveryFailures
            isComplete = false
        }
        let refused = failures.filter(\.error.code.refusesRecords).map(\.tag)
        guard refused.isEmpty else { return .refused(Set(refused)) }
        return failures.isEmpty && isComplete ? .allTaken : .failed
    }
}
