import KafkaClient
import Synchronization
import WorkerRuntime

/// Which partitions are this worker's, under which epoch, and the group metadata that fences their commits.
///
/// The metadata is the snapshot of the newest rebalance callback and never a fresher one: a broker checks
/// the group's generation and not who owns a partition, so a snapshot taken at commit time could let
/// a worker through that has lost its partitions and does not know it yet.
///
/// Callbacks, restores, hand-overs and the loss of a producer change it from threads of their own. Each change
/// is one step under one lock, and the engine is told within it: what it hears is in the order of what is true.
final class Assignments: Sendable {
    private struct Revocation {
        var request: KafkaRebalanceRequest
        var waitingFor: Set<Int32>
    }

    private struct State {
        var metadata: KafkaGroupMetadata?
        var epochs: [Int32: UInt32] = [:]
        /// Partitions whose jobs are delivered.
        var begun: Set<Int32> = []
        /// Up to where the jobs of a partition were read when there were no more.
        var ends: [Int32: Int64] = [:]
        var isIntakePaused = false
        var revocation: Revocation?
        /// Partitions that the engine has been told are lost and not yet been given anew: they need no release.
        var suspended: Set<Int32> = []
        var lastEpoch: UInt32 = 0

        mutating func assign(_ partition: Int32) -> UInt32 {
            lastEpoch += 1
            epochs[partition] = lastEpoch
            begun.remove(partition)
            ends[partition] = nil
            suspended.remove(partition)
            return lastEpoch
        }

        mutating func remove(_ partition: Int32) {
            epochs[partition] = nil
            begun.remove(partition)
            ends[partition] = nil
            suspended.remove(partition)
        }

        /// The revocation that waits for nothing but these partitions.
        mutating func takeRevocation(completedBy partitions: Set<Int32>) -> KafkaRebalanceRequest? {
            revocation?.waitingFor.subtract(partitions)
            guard let revocation, revocation.waitingFor.isEmpty else { return nil }
            self.revocation = nil
            return revocation.request
        }

        func isBeingRevoked(_ partition: Int32) -> Bool { revocation?.waitingFor.contains(partition) ?? false }
    }

    private let state = Mutex(State())

    // MARK: Coming

    /// A new epoch for each partition, which is not begun.
    func assign(_ partitions: [Int32], telling sink: any LogSink) -> [(partition: Int32, epoch: UInt32)] {
        state.withLock { state in
            partitions.map { partition in
                let epoch = state.assign(partition)
                sink.assigned(partition: partition, epoch: epoch)
                return (partition, epoch)
            }
        }
    }

    /// Another epoch for a partition that is still assigned under `epoch`, to begin its restore anew; `nil` when
    /// it is on its way out.
    func renew(_ partition: Int32, _ epoch: UInt32, telling sink: any LogSink) -> UInt32? {
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

    /// The metadata of a callback that takes nothing away.
    func takeIn(_ metadata: KafkaGroupMetadata?) { state.withLock { $0.metadata = metadata } }

    // MARK: Delivering

    /// Marks a partition as begun. Returns whether its jobs are wanted now; `nil` when it has gone.
    func begin(_ partition: Int32, _ epoch: UInt32) -> Bool? {
        state.withLock { state in
            guard state.epochs[partition] == epoch, !state.suspended.contains(partition) else { return nil }
            state.begun.insert(partition)
            return !state.isIntakePaused
        }
    }

    /// Notes whether jobs are wanted. Returns the partitions that are to follow.
    func setIntake(isPaused: Bool) -> [Int32] {
        state.withLock { state in
            state.isIntakePaused = isPaused
            return state.begun.sorted()
        }
    }

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

    // MARK: Going

    /// Partitions are wanted elsewhere. Returns whether the engine has to release some of them first; the request is
    /// completed by the last of these releases.
    func revoke(
        _ partitions: [Int32],
        _ request: KafkaRebalanceRequest,
        telling sink: any LogSink
    ) -> Bool {
        state.withLock { state in
            state.metadata = request.groupMetadata
            // What was suspended or never assigned is no business of the engine's.
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
            return state.takeRevocation(completedBy: [partition])
        }
    }

    /// Partitions are somebody else's already, or are about to be without having been released.
    func lose(
        _ partitions: [Int32],
        _ metadata: KafkaGroupMetadata?,
        telling sink: any LogSink
    ) {
        state.withLock { state in
            state.metadata = metadata
            for partition in partitions { state.remove(partition) }
            state.revocation = nil
            sink.lost(partitions)
        }
    }

    // MARK: Without a producer

    /// The producer is lost and what is stored is not known: the engine loses every partition, to be given those that
    /// stay anew by ``resume(telling:)``. What was being handed over can go at once, for nothing more can be committed.
    ///
    /// - Returns: the partitions that stay, and the request that can be completed now.
    func suspend(telling sink: any LogSink) -> (staying: [Int32], completed: KafkaRebalanceRequest?) {
        state.withLock { state in
            let all = state.epochs.keys.filter { !state.suspended.contains($0) }.sorted()
            let going = state.revocation?.waitingFor ?? []
            for partition in going { state.remove(partition) }
            state.suspended = Set(state.epochs.keys)
            state.begun = []
            sink.lost(all)
            return (state.suspended.sorted(), state.takeRevocation(completedBy: going))
        }
    }

    /// Gives the suspended partitions that are still this worker's to the engine again, under new epochs.
    func resume(telling sink: any LogSink) -> [(partition: Int32, epoch: UInt32)] {
        state.withLock { state in
            state.suspended.sorted().map { partition in
                let epoch = state.assign(partition)
                sink.assigned(partition: partition, epoch: epoch)
                return (partition, epoch)
            }
        }
    }

    // MARK: Asking

    /// The metadata that fences a commit of these positions; `nil` when one of their assignments is over.
    ///
    /// Looked up together: a callback between a check of the epochs and a reading of the metadata would let
    /// a batch of the old generation out under the new one.
    func fence(for positions: [LogCommit.Position]) -> KafkaGroupMetadata? {
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

    /// Whether the group has answered this worker's request to join.
    var isMember: Bool { state.withLock { $0.metadata != nil } }
}
