import ExportCore
import KafkaClient
import Synchronization
import WorkerRuntime

/// Which partitions are this worker's, under which epoch, and the group metadata that fences their commits.
///
/// The metadata is the snapshot of the newest rebalance callback and never a fresher one: a broker checks
/// the group's generation and not who owns a partition, so a snapshot taken at commit time could let
/// a worker through that has lost its partitions and does not know it yet. With member epochs in place of generations
/// `KafkaLog` reads a fresh one for each commit, and what counts here is whether the assignments are current.
///
/// `KafkaLog` and `ConsumerEvents` change it, from the threads of callbacks, restores, releases and the replacement of a
/// producer. Each change is one step under one lock and is reported to the engine within it, so that the engine sees
/// the changes in their order.
final class Assignments: Sendable {
    private struct Revocation {
        var request: KafkaRebalanceRequest
        var waitingFor: Set<Int32>
    }

    private struct State {
        var metadata: KafkaGroupMetadata?
        /// Whether the group has answered since it last took this member's partitions away.
        var isMember = false
        var epochs: [Int32: UInt32] = [:]
        /// Partitions whose jobs are delivered.
        var begun: Set<Int32> = []
        /// Partitions that were sought to their first offset and are not begun: a record that arrives now would be lost.
        var sought: Set<Int32> = []
        /// Up to where the jobs of a partition were read when there were no more.
        var ends: [Int32: Int64] = [:]
        var isIntakePaused = false
        var revocation: Revocation?
        /// Partitions that were reported as lost and are not assigned again yet: they need no release.
        var suspended: Set<Int32> = []
        var lastEpoch: UInt32 = 0

        mutating func assign(_ partition: Int32) -> UInt32 {
            lastEpoch += 1
            epochs[partition] = lastEpoch
            begun.remove(partition)
            sought.remove(partition)
            ends[partition] = nil
            suspended.remove(partition)
            return lastEpoch
        }

        mutating func remove(_ partition: Int32) {
            epochs[partition] = nil
            begun.remove(partition)
            sought.remove(partition)
            ends[partition] = nil
            suspended.remove(partition)
        }

        /// The revocation that waits for nothing but these partitions.
        mutating func endRevocation(completedBy partitions: Set<Int32>) -> KafkaRebalanceRequest? {
            revocation?.waitingFor.subtract(partitions)
            guard let revocation, revocation.waitingFor.isEmpty else { return nil }
            self.revocation = nil
            return revocation.request
        }

        func isBeingRevoked(_ partition: Int32) -> Bool { revocation?.waitingFor.contains(partition) ?? false }
    }

    private let state = Mutex(State())

    // MARK: Assignment

    /// Begins an epoch for each partition of an assignment. Nothing of them is delivered yet.
    ///
    /// - Parameters:
    ///   - interrupted: partitions that stay, but that another worker may have owned meanwhile: the engine loses them and
    ///     gets them again. Those that are suspended get their epoch when they resume.
    ///   - metadata: the snapshot of the assignment's callback.
    func assign(
        _ partitions: [Int32],
        interrupted: [Int32] = [],
        under metadata: KafkaGroupMetadata?,
        reportingTo sink: any LogSink
    ) -> [(partition: Int32, epoch: UInt32)] {
        state.withLock { state in
            state.metadata = metadata
            state.isMember = true
            let renewed = interrupted.filter { state.epochs[$0] != nil && !state.suspended.contains($0) }.sorted()
            if !renewed.isEmpty { sink.lost(renewed) }
            return (partitions + renewed).map { partition in
                let epoch = state.assign(partition)
                sink.assigned(partition: partition, epoch: epoch)
                return (partition, epoch)
            }
        }
    }

    /// Another epoch for a partition that is still assigned under `epoch`, to restore it again; `nil` when it is being
    /// revoked or lost.
    func renew(_ partition: Int32, _ epoch: UInt32, reportingTo sink: any LogSink) -> UInt32? {
        state.withLock { state in
            let isWanted =
                state.epochs[partition] == epoch && !state.suspended.contains(partition)
                && !state.isBeingRevoked(partition)
            guard isWanted else { return nil }
            let next = state.assign(partition)
            sink.assigned(partition: partition, epoch: next)
            return next
        }
    }

    // MARK: Delivery

    /// The engine has stopped a partition: nothing of it is delivered until it is assigned again. Returns whether it is
    /// still this worker's.
    func end(_ partition: Int32, _ epoch: UInt32) -> Bool {
        state.withLock { state in
            guard state.epochs[partition] == epoch else { return false }
            state.begun.remove(partition)
            state.sought.remove(partition)
            state.ends[partition] = nil
            return true
        }
    }

    /// Delivery of a partition stands at its first offset.
    func sought(_ partition: Int32, _ epoch: UInt32) {
        state.withLock { state in
            guard state.epochs[partition] == epoch, !state.suspended.contains(partition) else { return }
            state.sought.insert(partition)
        }
    }

    /// Whether a record of the partition that arrives now is lost.
    func losesRecords(of partition: Int32) -> Bool { state.withLock { $0.sought.contains(partition) } }

    /// Marks a partition as begun. Returns whether its jobs are wanted now; `nil` when its epoch has ended.
    func begin(_ partition: Int32, _ epoch: UInt32) -> Bool? {
        state.withLock { state in
            guard state.epochs[partition] == epoch, !state.suspended.contains(partition) else { return nil }
            state.begun.insert(partition)
            state.sought.remove(partition)
            return !state.isIntakePaused
        }
    }

    /// Sets whether jobs are wanted. The caller then pauses or resumes the partitions that are begun.
    func setIntake(isPaused: Bool) { state.withLock { $0.isIntakePaused = isPaused } }

    /// Whether no jobs are wanted.
    var isIntakePaused: Bool { state.withLock { $0.isIntakePaused } }

    /// The epoch under which a partition's jobs are delivered; `nil` while it is not begun.
    func epoch(ofBegun partition: Int32) -> UInt32? {
        state.withLock { $0.begun.contains(partition) ? $0.epochs[partition] : nil }
    }

    /// The jobs of a partition were read to their end.
    func reachedEnd(of partition: Int32, at offset: Int64) {
        state.withLock { if $0.begun.contains(partition) { $0.ends[partition] = offset } }
    }

    /// Partitions whose jobs are delivered, their epochs, and where their jobs ended when they were last read to the end.
    var begun: [(partition: Int32, epoch: UInt32, end: Int64?)] {
        state.withLock { state in
            state.begun.sorted().compactMap { partition in
                state.epochs[partition].map { (partition, $0, state.ends[partition]) }
            }
        }
    }

    // MARK: Revocation and loss

    /// The group moves partitions to other workers. Returns whether the engine has to release some of them first; the last
    /// of these releases completes the request.
    func revoke(
        _ partitions: [Int32],
        _ request: KafkaRebalanceRequest,
        reportingTo sink: any LogSink
    ) -> Bool {
        state.withLock { state in
            state.metadata = request.groupMetadata
            // The engine does not have the suspended ones, so it cannot release them.
            for partition in partitions where state.epochs[partition] == nil || state.suspended.contains(partition) {
                state.remove(partition)
            }
            let owned = Set(partitions.filter { state.epochs[$0] != nil })
            state.revocation = owned.isEmpty ? nil : Revocation(request: request, waitingFor: owned)
            if !owned.isEmpty { sink.revoked(owned.sorted()) }
            return !owned.isEmpty
        }
    }

    /// The engine is done with a partition. Returns the request that can be completed now.
    func release(_ partition: Int32, _ epoch: UInt32) -> KafkaRebalanceRequest? {
        state.withLock { state in
            guard state.epochs[partition] == epoch else { return nil }
            state.remove(partition)
            return state.endRevocation(completedBy: [partition])
        }
    }

    /// Partitions belong to another member already, or are about to without having been released.
    ///
    /// - Parameter isExcluded: whether the group has excluded this member.
    func lose(
        _ partitions: [Int32],
        _ metadata: KafkaGroupMetadata?,
        isExcluded: Bool,
        reportingTo sink: any LogSink
    ) {
        state.withLock { state in
            state.metadata = metadata
            if isExcluded { state.isMember = false }
            for partition in partitions { state.remove(partition) }
            state.revocation = nil
            sink.lost(partitions)
        }
    }

    // MARK: Replacement of the producer

    /// The producer is lost and what is stored is not known: the engine loses every partition, and gets those that stay
    /// again by ``resume(reportingTo:)``. A revocation ends at once, because nothing more can be committed.
    ///
    /// - Returns: the partitions that stay, and the request that can be completed now.
    func suspend(reportingTo sink: any LogSink) -> (staying: [Int32], completed: KafkaRebalanceRequest?) {
        state.withLock { state in
            let all = state.epochs.keys.filter { !state.suspended.contains($0) }.sorted()
            let revoked = state.revocation?.waitingFor ?? []
            for partition in revoked { state.remove(partition) }
            state.suspended = Set(state.epochs.keys)
            state.begun = []
            state.sought = []
            sink.lost(all)
            return (state.suspended.sorted(), state.endRevocation(completedBy: revoked))
        }
    }

    /// Assigns the suspended partitions that are still this worker's to the engine again, under new epochs.
    func resume(reportingTo sink: any LogSink) -> [(partition: Int32, epoch: UInt32)] {
        state.withLock { state in
            state.suspended.sorted().map { partition in
                let epoch = state.assign(partition)
                sink.assigned(partition: partition, epoch: epoch)
                return (partition, epoch)
            }
        }
    }

    // MARK: Reading

    /// The metadata that fences a commit of these positions; `nil` when one of their assignments has ended, or while the
    /// group excludes this worker.
    ///
    /// One step: a callback between a check of the epochs and a reading of the metadata would let a batch of the old
    /// generation out under the new one.
    func fence(for positions: [CommitBatch.Position]) -> KafkaGroupMetadata? {
        state.withLock { state in
            let areCurrent = positions.allSatisfy {
                state.epochs[$0.partition] == $0.epoch && !state.suspended.contains($0.partition)
            }
            return areCurrent ? state.metadata : nil
        }
    }

    func isCurrent(_ partition: Int32, _ epoch: UInt32) -> Bool {
        state.withLock { $0.epochs[partition] == epoch && !$0.suspended.contains(partition) }
    }

    /// The partitions that are this worker's, whatever state they are in.
    var owned: [Int32] { state.withLock { $0.epochs.keys.sorted() } }

    /// Whether this worker has a generation of its group: the group has answered its request to join, and has not
    /// excluded it since.
    var isMember: Bool { state.withLock { $0.isMember } }
}
