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
    private let series = HeaderWatch.Series(account: "a", kind: .payments, format: .csv)

    private func content(_ columns: [String]?, digest: String?) -> FileContent {
        FileContent(rows: 1, columns: columns, headerSHA256: digest, delimiter: ",")
    }

    @Test func headerIsComparedWithTheLastOfItsSeries() {
        let watch = HeaderWatch()
        let other = HeaderWatch.Series(account: "a", kind: .transactionHistory, format: .csv)
        #expect(watch.finding(content(["a", "b"], digest: "1"), in: series) == .first)
        #expect(watch.finding(content(["a", "b"], digest: "1"), in: series) == .same)
        #expect(watch.finding(content(["x"], digest: "2"), in: other) == .first)
        #expect(
            watch.finding(content(["a", "c", "d"], digest: "3"), in: series)
                == .changed(HeaderWatch.Change(added: ["c", "d"], removed: ["b"], columns: ["a", "c", "d"]))
        )
        #expect(watch.finding(content(["a", "c", "d"], digest: "3"), in: series) == .same)
    }

    @Test func fileWithoutHeaderChangesNothing() {
        let watch = HeaderWatch()
        #expect(watch.finding(content(["a"], digest: "1"), in: series) == .first)
        #expect(watch.finding(content(nil, digest: nil), in: series) == nil)
        #expect(watch.finding(content(["a"], digest: "1"), in: series) == .same)
    }

    @Test func changeOfALongHeaderHasNoNames() {
        let watch = HeaderWatch()
        #expect(watch.finding(content(nil, digest: "1"), in: series) == .first)
        #expect(
            watch.finding(content(["a"], digest: "2"), in: series)
                == .changed(HeaderWatch.Change(added: [], removed: [], columns: ["a"]))
        )
    }

    /// Programs that load files by the places of columns are concerned.
    @Test func columnsInAnotherOrderAreAChange() {
        let watch = HeaderWatch()
        #expect(watch.finding(content(["a", "b"], digest: "1"), in: series) == .first)
        #expect(
            watch.finding(content(["b", "a"], digest: "2"), in: series)
                == .changed(HeaderWatch.Change(added: [], removed: [], columns: ["b", "a"]))
        )
    }

    @Test func manifestCountsAsCallOfNoAccount() async {
        let telemetry = Telemetry(build: BuildInfo(version: "1"), texts: CodeTexts())
        _ = await telemetry.metering(ScriptedFiles([])).store(BatchManifest(batchID: "b", document: []))
        let calls = telemetry.calls.figures
        #expect(calls.started == 1 && calls.answered == 1)
        #expect(calls.inFlight.isEmpty && calls.apiCallsStarted.isEmpty)
    }

    @Test func changedHeaderIsCounted() async {
        let telemetry = Telemetry(build: BuildInfo(version: "1"), texts: CodeTexts())
        let files = ScriptedFiles([content(["a"], digest: "1"), nil, content(["b"], digest: "2")])
        let exports = telemetry.metering(files)
        let line = { (count: Int) in
            "payout_export_header_changes_total{account=\"default\",format=\"csv\",kind=\"\(Sample.job().kind.name)\"} \(count)\n"
        }
        for count in [0, 0, 1] {
            let token = CallToken(partition: 0, epoch: 1, place: 0, callID: 1, kind: .download, account: 0)
            _ = await exports.perform(
                Call(token: token, job: Sample.job(), attempt: 1, requestID: nil, blobURL: nil, accepted: Sample.start),
                nil
            )
            #expect(telemetry.prometheus.exposition().contains(line(count)))
        }
    }
}
