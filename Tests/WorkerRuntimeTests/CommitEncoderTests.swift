import Testing
import TestSupport

@testable import ExportCore
@testable import WorkerRuntime

@Suite struct CommitEncoderTests {
    private let log = RecordingLog()
    private let queue = EventQueue()
    private let codec = RecordCodec(groupID: "group", jobsTopic: "jobs")

    private var encoder: CommitEncoder { CommitEncoder(codec: codec, log: log, queue: queue) }

    private func letter(bytes: Int) -> OutputRecord {
        let original = OriginalRecord(key: [0], value: [UInt8](repeating: 0, count: bytes))
        return .deadLetter(DeadLetter(original: original, partition: 0, offset: 0, reason: "no job"))
    }

    private func event(filter: Int) -> OutputRecord {
        let job = ExportJob(id: "job", kind: .payments, filter: String(repeating: "f", count: filter))
        let times = JobTimes(accepted: Instant(milliseconds: 0), finished: Instant(milliseconds: 1))
        let source = RecordSource(partition: 0, offset: 0)
        let event = CompletionEvent(jobID: "job", status: .completed, source: source, job: job, times: times)
        return .event(partition: 0, event)
    }

    @Test func refusalByBrokerNamesFormThatWasSent() async throws {
        codec.limits.value.deadLetter = 2_000
        let encoder = encoder
        encoder.commit(CommitBatch(id: 7, records: [letter(bytes: 10), letter(bytes: 5_000)], positions: []))
        try await eventually("the commit") { log.commits == [7] }
        let refusals = encoder.refusals(of: [0, 1, 99])
        #expect(refusals == [OutputRefusal(index: 0, form: .whole), OutputRefusal(index: 1, form: .reduced)])
    }

    @Test func recordThatFitsInNoFormIsRefusedAndNothingStored() async throws {
        codec.limits.value.results = 2_000
        let encoder = encoder
        encoder.commit(CommitBatch(id: 7, records: [event(filter: 10), event(filter: 5_000)], positions: []))
        var messages: [WorkerMessage] = []
        try await eventually("the refusal") {
            messages += queue.dequeue(waitingAtMost: 0) ?? []
            return !messages.isEmpty
        }
        guard case .event(.outputsRefused(7, let refusals)) = messages.first else {
            Issue.record("\(messages)")
            return
        }
        #expect(refusals.map(\.index) == [1])
        // Encoded one after the other: the log would have the first commit by now.
        encoder.commit(CommitBatch(id: 8, records: [event(filter: 10)], positions: []))
        try await eventually("the next commit") { log.commits == [8] }
    }
}
