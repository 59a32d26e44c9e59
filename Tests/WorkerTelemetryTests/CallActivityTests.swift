import ExportCore
import Testing

@testable import WorkerTelemetry

@Suite("Calls that fail")
struct CallActivityTests {
    @Test func failuresCountUntilAnAnswerArrives() {
        let calls = CallActivity()
        for _ in 0..<3 { calls.ended(account: "a", kind: .poll, .failed(.transient(message: "no connection"))) }
        calls.ended(account: "a", kind: .poll, .failed(.abandoned))
        #expect(calls.figures.failingCalls["a"]?.count == 3)
        calls.ended(account: "a", kind: .download, .failed(.transient(message: "disk full")))
        #expect(calls.figures.failingDownloads?.message == "disk full")
        calls.ended(account: "a", kind: .create, .failed(.throttled(retryAfter: nil)))
        #expect(calls.figures.failingCalls["a"] == nil)
        calls.ended(
            account: "a",
            kind: .download,
            .stored(ExportFile(location: "file:///f", stored: true, fileName: "f"))
        )
        #expect(calls.figures.failingDownloads == nil)
    }
}
