import ArgumentParser
import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import WorkerKafka
import WorkerRuntime
import WorkerTelemetry

/// Where a partition continues.
enum RecoveryStart: Sendable, Hashable {
    case beginning
    case end
    /// The group's committed offset.
    case committed
    case offset(Int64)
    case time(Instant)

    static func parse(_ text: String, now: Instant = Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)))
        throws -> RecoveryStart
    {
        switch text {
        case "beginning": return .beginning
        case "end": return .end
        case "committed": return .committed
        default:
            if let offset = Int64(text), offset >= 0 { return .offset(offset) }
            do {
                return .time(try TimeArgument.parse(text, "--from", now: now))
            } catch {
                throw ValidationError(
                    "--from must be beginning, end, committed, an offset, a time such as 2026-12-01T00:00:00Z or a duration such as 2h, not '\(text)'."
                )
            }
        }
    }
}

/// The plan for one partition.
struct RecoveryPlan: Sendable {
    var partition: Int32
    /// Why a worker stops it; `nil` if no worker would.
    var reason: String?
    /// Why it is skipped; `nil` if it is not.
    var refusal: String?
    /// The position in the jobs partition that the state contains.
    var position: Int64
    var low: Int64
    var high: Int64
    /// Where it continues.
    var offset: Int64
    var openJobs: Int
    var knownJobs: Int
    /// The record that contains the new position.
    var record: OutgoingRecord
}

/// Inspects partitions as a worker does when it restores them, and plans where they continue.
struct PartitionRecovery {
    let access: KafkaAccess
    let admin: KafkaAdmin
    let reader: KafkaPartitionReader

    private var topics: KafkaTopicNames { access.topics }

    /// - Parameter only: the partitions; `nil` for all partitions that a worker would stop.
    func plans(only: Set<Int32>?, from start: RecoveryStart) async throws -> [RecoveryPlan] {
        let jobs = try await access.topic(topics.jobs, admin).partitions.map(\.id)
        let state = Set(try await access.topic(topics.state, admin).partitions.map(\.id))
        if let unknown = only?.subtracting(jobs).min() {
            throw CommandFailure("The topic \(topics.jobs) has no partition \(unknown).")
        }
        let wanted = jobs.filter { only?.contains($0) ?? true }
        if let missing = wanted.first(where: { !state.contains($0) }) {
            throw CommandFailure(
                "The topic \(topics.state) has no partition \(missing). Run 'payout-worker topics create', which adds partitions, then run this command again."
            )
        }
        let committed = try await admin.committedOffsets(
            group: access.log.groupID,
            partitions: wanted.map { KafkaTopicPartition(topic: topics.jobs, partition: $0) }
        )
        let witness = try RecordWitness(configuration: access.log.kafka, admin: admin, logger: access.logger)
        do {
            var plans: [RecoveryPlan] = []
            for partition in wanted {
                var plan = try await plan(partition, committed, from: start, witness)
                if plan.reason == nil { plan.refusal = try await refusal(isChosen: only != nil) }
                plans.append(plan)
            }
            await witness.close()
            return plans
        } catch {
            await witness.close()
            throw error
        }
    }

    /// Why a partition that no worker would stop is skipped; `nil` if it is not.
    private func refusal(isChosen: Bool) async throws -> String? {
        guard isChosen else { return "skipped: it is not stopped" }
        // A worker that owns the partition would not read the record until it restores the partition.
        let members: Int
        do throws(KafkaError) {
            members = try await admin.group(access.log.groupID).members.count
        } catch {
            return "skipped: it is not stopped, and whether workers run is unknown: \(error.reasonMembersAreUnknown)"
        }
        return members == 0 ? nil : "skipped: it is not stopped; stop all workers of the group first"
    }

    private func plan(
        _ partition: Int32,
        _ committed: [KafkaTopicPartition: Int64],
        from start: RecoveryStart,
        _ witness: RecordWitness
    ) async throws -> RecoveryPlan {
        let jobs = KafkaTopicPartition(topic: topics.jobs, partition: partition)
        let state = KafkaTopicPartition(topic: topics.state, partition: partition)
        let stateEnds = try await admin.watermarks(state)
        let inspection = try await inspect(partition, state, stateEnds)
        let ends = try await admin.watermarks(jobs)
        let known = RestoredEnds(
            committed: committed[jobs],
            low: ends.low,
            high: ends.high,
            stateLow: stateEnds.low
        )
        var reason = inspection.stopReason(known)
        if reason == nil,
            let mark = inspection.position.marks.first(where: { $0.offset >= ends.low && $0.offset < ends.high }),
            try await !witness.holds(mark, in: jobs)
        {
            reason = .jobsReplaced(offset: mark.offset)
        }
        let offset = try await self.offset(start, jobs, ends, committed[jobs])
        var timestamp: Int64?
        if offset > ends.low, case .record(let found) = try await witness.record(at: offset - 1, of: jobs) {
            timestamp = found
        }
        let record = inspection.recovery(from: offset, timestamp: timestamp, stateStart: stateEnds.low)
        return RecoveryPlan(
            partition: partition,
            reason: reason?.explanation,
            position: inspection.position.offset,
            low: ends.low,
            high: ends.high,
            offset: offset,
            openJobs: inspection.openJobs,
            knownJobs: inspection.knownJobs,
            record: StateCodec().encode(record)
        )
    }

    /// Reads the partition's state as a worker does.
    private func inspect(
        _ partition: Int32,
        _ state: KafkaTopicPartition,
        _ ends: KafkaWatermarks
    ) async throws -> StateInspection {
        var inspection = StateInspection(partition: partition)
        guard ends.high > ends.low else { return inspection }
        let codec = StateCodec()
        try await reader.read(state, from: .offset(ends.low), to: ends.high) { batch in
            for record in batch {
                do {
                    inspection.apply(try codec.decode(key: record.key, value: record.value))
                } catch {
                    throw CommandFailure(
                        "Failed to read the state record at offset \(record.offset) of partition \(partition) of \(topics.state): \(error). Nothing was written."
                    )
                }
            }
        }
        return inspection
    }

    private func offset(
        _ start: RecoveryStart,
        _ jobs: KafkaTopicPartition,
        _ ends: KafkaWatermarks,
        _ committed: Int64?
    ) async throws -> Int64 {
        let wanted: Int64
        switch start {
        case .beginning: return ends.low
        case .end: return ends.high
        case .time(let time): return try await admin.offset(at: time.milliseconds, of: jobs) ?? ends.high
        case .offset(let offset): wanted = offset
        case .committed:
            guard let committed else {
                throw CommandFailure(
                    "The group \(access.log.groupID) has no committed offset in partition \(jobs.partition) of \(topics.jobs). Set --from to another position."
                )
            }
            wanted = committed
        }
        guard (ends.low...ends.high).contains(wanted) else {
            throw CommandFailure(
                "Offset \(wanted) is out of range: partition \(jobs.partition) of \(topics.jobs) contains offsets \(ends.low) to \(ends.high). Set --from to another position."
            )
        }
        return wanted
    }
}
