import ExportCore
import ExportRecords
import Synchronization
import Testing
import TestSupport

@testable import WorkerRuntime

/// What a restore reports of the files that a partition's earlier owners have stored.
extension WorkerLoopTests {
    private final class Headers: WorkerObserver {
        let restored = Mutex<[FileHeader]>([])
        let isActive = Mutex(false)
        func report(_ report: Report) { if case .active = report { isActive.withLock { $0 = true } } }
        func observe(_ observation: LogObservation) {
            guard case .headers(let headers) = observation else { return }
            // They must be known before the partition's jobs store further files.
            if !isActive.withLock({ $0 }) { restored.withLock { $0 += headers } }
        }
    }

    private func finished(
        _ id: String,
        _ kind: ExportKind = .payments,
        header: String?,
        at second: Int64
    ) -> StateRecord {
        let content = header.map { FileContent(rows: 1, columns: [$0], headerSHA256: $0, delimiter: ",") }
        var times = JobTimes(accepted: Instant(milliseconds: 0))
        times.finished = Instant(milliseconds: second * 1_000)
        return .job(
            JobRecord(
                job: ExportJob(id: id, kind: kind),
                offset: second,
                phase: .finished,
                times: times,
                status: .completed,
                files: [ExportFile(location: "file:///\(id)", stored: true, fileName: id, content: content)]
            )
        )
    }

    @Test func restoreReportsNewestHeaderOfEachSeries() async throws {
        let records = [
            finished("a", header: "new", at: 3), finished("b", header: "old", at: 2), finished("c", header: nil, at: 4),
            finished("d", .transactionHistory, header: "other", at: 1),
        ]
        let state = records.enumerated().map { offset, record in
            let encoded = StateCodec().encode(record)
            return LogRecord(offset: Int64(offset), OriginalRecord(key: encoded.key, value: encoded.value))
        }
        let headers = Headers()
        let log = MemoryLog(state: state)
        // The records of these jobs.
        for _ in 0..<5 { log.enqueue("{}", key: "a") }
        let loop = makeLoop(log, .instant, observers: [headers])
        _ = try await running(loop) {
            try await eventually("the partition is active") { headers.isActive.withLock { $0 } }
        }
        let found = headers.restored.withLock { $0.map { [$0.series.kind.name, $0.content.headerSHA256] } }
        #expect(Set(found) == [["payments", "new"], ["transactionHistory", "other"]])
    }
}
