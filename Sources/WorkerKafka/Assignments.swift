import KafkaClient
import Synchronization
import WorkerRuntime

/// Which partitions are this worker's, under which epoch, and the group metadata that fences their commits.
///
/// The metadata is the snapshot of the newest rebalance callback and never a fresher one: a broker checks
/// the group's generation and not who owns a partition, so a snapshot taken at commit time could let
/// a worker through that has lost its partitions and does not know it yet.
final class Assignments: Sendable {
    struct Revocation {
        var request: KafkaRebalanceRequest
        var waitingFor: Set<Int32>
    }

    struct State {
        var metadata: KafkaGroupMetadata?
        var epochs: [Int32: UInt32] = [:]
        /// Partitions whose jobs are delivered.
        var begun: Set<Int32> = []
        var isIntakePaused = false
        var revocation: Revocation?
        /// Partitions that the engine has been told are lost and not yet been given anew: they need no release.
        var suspended: Set<Int32> = []
        var lastEpoch: UInt32 = 0
    }

    private let state = Mutex(State())

    func withState<Result: Sendable>(_ body: (inout sending State) -> sending Result) -> Result {
        state.withLock { body(&$0) }
    }

    /// A new epoch for each partition, which is not begun.
    func assign(_ partitions: [Int32]) -> [(partition: Int32, epoch: UInt32)] {
        state.withLock { state in
            partitions.map { partition in
                state.lastEpoch += 1
                state.epochs[partition] = state.lastEpoch
                state.begun.remove(partition)
                state.suspended.remove(partition)
                return (partition, state.lastEpoch)
            }
        }
    }

    /// Another epoch for a partition that is still assigned under `epoch`.
    func renew(_ partition: Int32, _ epoch: UInt32) -> UInt32? {
        state.withLock { state in
            guard state.epochs[partition] == epoch else { return nil }
            state.lastEpoch += 1
            state.epochs[partition] = state.lastEpoch
            state.begun.remove(partition)
            return state.lastEpoch
        }
    }

    func remove(_ partitions: [Int32]) {
        state.withLock { state in
            for partition in partitions {
                state.epochs[partition] = nil
                state.begun.remove(partition)
                state.suspended.remove(partition)
            }
        }
    }

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

    /// The metadata of a callback, and what it takes away, in one step.
    func takeIn(_ metadata: KafkaGroupMetadata?, losing partitions: [Int32]) {
        state.withLock { state in
            state.metadata = metadata
            for partition in partitions {
                state.epochs[partition] = nil
                state.begun.remove(partition)
                state.suspended.remove(partition)
            }
        }
    }

    func isCurrent(_ partition: Int32, _ epoch: UInt32) -> Bool {
        state.withLock { $0.epochs[partition] == epoch }
    }

    var owned: [Int32] { state.withLock { $0.epochs.keys.sorted() } }

    /// The epoch under which a partition's jobs are delivered; `nil` while it is not begun.
    func epoch(ofBegun partition: Int32) -> UInt32? {
        state.withLock { $0.begun.contains(partition) ? $0.epochs[partition] : nil }
    }
}
