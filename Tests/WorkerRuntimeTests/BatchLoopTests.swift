import ExportCore
import ExportRecords
import Testing
import TestSupport
import WorkerRuntime

/// Batches through the whole loop: from records of jobs to the batch's event, and its manifest before that.
extension WorkerLoopTests {
    private func run(storesFiles: Bool, _ exports: ScriptedExports) async throws -> MemoryLog {
        let log = MemoryLog()
        let openJobs = try await running(makeLoop(log, exports, storesFiles: storesFiles)) {
            for id in ["a", "b"] {
                log.enqueue(#"{"jobId":"\#(id)","kind":"payments","batch":{"id":"fy26","size":2}}"#, key: "fy26")
            }
            try await eventually("the batch's event") { log.now.results.count == 3 }
        }
        #expect(openJobs == 0)
        return log
    }

    private func event(_ log: MemoryLog) throws -> BatchEventDocument {
        let records = log.now.results.map(\.record)
        let place = try #require(records.firstIndex { $0.key == Array("fy26".utf8) })
        #expect(place == 2, "behind the events of its jobs")
        return try #require(EventDecoder().decodeBatch(value: records[place].value))
    }

    @Test func batchHasEventBehindThoseOfItsJobs() async throws {
        let event = try event(try await run(storesFiles: false, .instant))
        #expect(event.status == "completed")
        #expect(event.jobs.map(\.jobId) == ["a", "b"])
        #expect(event.location == nil)
        #expect(event.omitted == nil)
    }

    @Test func manifestIsStoredBeforeEventAndHasItsContent() async throws {
        let exports = ScriptedExports { call in
            switch call.token.kind {
            case .download:
                .stored(
                    ExportFile(
                        location: "file:///\(call.job.id).csv",
                        stored: true,
                        fileName: "f.csv",
                        sizeBytes: 7
                    )
                )
            default: await ScriptedExports.instant.perform(call, nil)
            }
        }
        let event = try event(try await run(storesFiles: true, exports))
        let manifest = try #require(exports.stored.first)
        #expect(manifest.batchID == "fy26")
        var stored = try #require(EventDecoder().decodeBatch(value: manifest.document))
        #expect(stored.location == nil)
        #expect(event.location == "file:///_batch/fy26.json")
        stored.location = event.location
        #expect(stored == event)
        #expect(event.jobs.compactMap(\.files?.first?.location) == ["file:///a.csv", "file:///b.csv"])
    }
}
