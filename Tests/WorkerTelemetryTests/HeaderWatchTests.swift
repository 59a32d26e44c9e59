import Logging
import Synchronization
import Testing
import WorkerRuntime
import WorkerSamples

@testable import ExportCore
@testable import WorkerTelemetry

/// Stores the same file again and again, with one header after another.
private final class ScriptedFiles: ExportsPort {
    private let headers: Mutex<[FileContent?]>

    init(_ headers: [FileContent?]) { self.headers = Mutex(headers) }

    func perform(_ call: Call, _ transfer: Transfer?) async -> CallResult {
        let content = headers.withLock { $0.removeFirst() }
        return .stored(ExportFile(location: "file:///f", stored: true, fileName: "f", content: content))
    }

    func store(_ manifest: BatchManifest) async -> CallResult { .failed(.abandoned) }
}

@Suite("Headers of stored files")
struct HeaderWatchTests {
    private func content(_ columns: [String]?, digest: String?) -> FileContent {
        FileContent(rows: 1, columns: columns, headerSHA256: digest, delimiter: ",")
    }

    private func header(
        _ columns: [String]?,
        digest: String = "1",
        kind: ExportKind = .payments,
        at second: Int64 = 0
    ) throws -> FileHeader {
        let time = Instant(milliseconds: second * 1_000)
        return try #require(FileHeader(content(columns, digest: digest), of: ExportJob(id: "a", kind: kind), at: time))
    }

    @Test func headerIsComparedWithTheLastOfItsSeries() throws {
        let watch = HeaderWatch()
        #expect(watch.finding(try header(["a", "b"])) == .first)
        #expect(watch.finding(try header(["a", "b"])) == .same)
        #expect(watch.finding(try header(["x"], digest: "2", kind: .transactionHistory)) == .first)
        #expect(
            watch.finding(try header(["a", "c", "d"], digest: "3"))
                == .changed(HeaderWatch.Change(added: ["c", "d"], removed: ["b"], columns: ["a", "c", "d"]))
        )
        #expect(watch.finding(try header(["a", "c", "d"], digest: "3")) == .same)
    }

    @Test func fileWithoutHeaderHasNone() {
        let time = Instant(milliseconds: 0)
        #expect(FileHeader(content(nil, digest: nil), of: ExportJob(id: "a", kind: .payments), at: time) == nil)
    }

    @Test func changeOfALongHeaderHasNoNames() throws {
        let watch = HeaderWatch()
        #expect(watch.finding(try header(nil)) == .first)
        #expect(
            watch.finding(try header(["a"], digest: "2"))
                == .changed(HeaderWatch.Change(added: [], removed: [], columns: ["a"]))
        )
    }

    /// Programs that load files by the places of columns are concerned.
    @Test func columnsInAnotherOrderAreAChange() throws {
        let watch = HeaderWatch()
        #expect(watch.finding(try header(["a", "b"])) == .first)
        #expect(
            watch.finding(try header(["b", "a"], digest: "2"))
                == .changed(HeaderWatch.Change(added: [], removed: [], columns: ["b", "a"]))
        )
    }

    @Test func headerOfRestoredJobIsTheLastOneUnlessANewerOneIsKnown() throws {
        let watch = HeaderWatch()
        watch.observe(.headers([try header(["a"], at: 10)]))
        watch.observe(.headers([try header(["b"], digest: "2", at: 5)]))
        #expect(watch.finding(try header(["a"], at: 20)) == .same)
        watch.observe(.headers([try header(["b"], digest: "2", at: 15)]))
        #expect(watch.finding(try header(["a"], at: 30)) == .same)
        watch.observe(.headers([try header(["b"], digest: "2", at: 40)]))
        #expect(
            watch.finding(try header(["a"], at: 50))
                == .changed(HeaderWatch.Change(added: ["a"], removed: ["b"], columns: ["a"]))
        )
    }

    @Test func manifestCountsAsCallOfNoAccount() async {
        let telemetry = Telemetry(build: BuildInfo(version: "1"), texts: CodeTexts())
        _ = await telemetry.metering(ScriptedFiles([])).store(BatchManifest(batchID: "b", document: []))
        let calls = telemetry.calls.figures
        #expect(calls.started == 1 && calls.answered == 1)
        #expect(calls.inFlight.isEmpty && calls.apiCallsStarted.isEmpty)
    }

    @Test func changeSinceRestoredJobIsCounted() async throws {
        let telemetry = Telemetry(build: BuildInfo(version: "1"), texts: CodeTexts())
        let exports = telemetry.metering(ScriptedFiles([content(["b"], digest: "2")]))
        let restored = try #require(FileHeader(content(["a"], digest: "1"), of: Sample.job(), at: Sample.start))
        for observer in telemetry.observers { observer.observe(.headers([restored])) }
        #expect(telemetry.prometheus.exposition().contains(changes(0)))
        await download(exports)
        #expect(telemetry.prometheus.exposition().contains(changes(1)))
    }

    private func changes(_ count: Int) -> String {
        "payout_export_header_changes_total{account=\"default\",format=\"csv\",kind=\"\(Sample.job().kind.name)\"} \(count)\n"
    }

    private func download(_ exports: any ExportsPort) async {
        let token = CallToken(partition: 0, epoch: 1, place: 0, callID: 1, kind: .download, account: 0)
        _ = await exports.perform(
            Call(token: token, job: Sample.job(), attempt: 1, requestID: nil, blobURL: nil, accepted: Sample.start),
            nil
        )
    }

    @Test func changedHeaderIsCounted() async {
        let telemetry = Telemetry(build: BuildInfo(version: "1"), texts: CodeTexts())
        let files = ScriptedFiles([content(["a"], digest: "1"), nil, content(["b"], digest: "2")])
        let exports = telemetry.metering(files)
        for count in [0, 0, 1] {
            await download(exports)
            #expect(telemetry.prometheus.exposition().contains(changes(count)))
        }
    }
}
