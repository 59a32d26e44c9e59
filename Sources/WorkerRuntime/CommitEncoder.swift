import Dispatch
import ExportCore
import Synchronization

/// Encodes commits on a thread of its own, because the engine decides nothing while it encodes, and passes them to the log.
final class CommitEncoder: Sendable {
    private let codec: RecordCodec
    private let log: any LogPort
    private let queue: EventQueue
    private let thread = DispatchQueue(label: "payout-encoder")
    /// The forms of the records in the last commit.
    private let forms = Mutex<[OutputForm]>([])

    init(codec: RecordCodec, log: any LogPort, queue: EventQueue) {
        self.codec = codec
        self.log = log
        self.queue = queue
    }

    /// Encodes a batch and passes it to the log. If its topics do not accept all records in any form, it stores nothing and posts
    /// those as refused.
    func commit(_ batch: CommitBatch) {
        thread.async { [self] in
            let encoded = codec.encode(batch)
            guard encoded.refusals.isEmpty else {
                return queue.post(.event(.outputsRefused(batch: batch.id, encoded.refusals)))
            }
            forms.withLock { $0 = encoded.forms }
            log.commit(encoded.commit)
        }
    }

    /// The refusals of outputs of the last commit, which a broker refused.
    func refusals(of outputs: [Int]) -> [OutputRefusal] {
        forms.withLock { forms in
            outputs.filter(forms.indices.contains).map { OutputRefusal(index: $0, form: forms[$0]) }
        }
    }
}
