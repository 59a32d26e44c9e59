import ExportCore
import Logging
import Synchronization
import Testing
import TestSupport
import WorkerSamples

@testable import WorkerTelemetry

/// The periodic check and the engine's downloads notice the same outage of the file store, at different times.
@Suite("Outages of the file store") struct StoreOutageTests {
    private let problems = ReportedProblems()
    private let lines = LogCapture()

    private var reports: ReportLogger { ReportLogger(lines.logger, texts: CodeTexts(), problems: problems) }

    @Test func outageThatTheCheckNoticesFirstIsLoggedByTheCheckAlone() {
        #expect(problems.store("no space", noticedBy: .check))
        #expect(problems.figures.store == "no space")
        reports.report(.storePaused(message: "no space"))
        #expect(!problems.store("no space", noticedBy: .check))
        reports.report(.storeResumed)
        #expect(lines.messages == [])
        #expect(problems.store(nil, noticedBy: .check))
        #expect(problems.figures.store == nil)
        #expect(!problems.store(nil, noticedBy: .check))
    }

    @Test func outageThatDownloadsNoticeFirstIsLoggedByTheEngineAlone() {
        reports.report(.storePaused(message: "no space"))
        #expect(lines.messages == ["Downloads paused, the file store accepts no files"])
        #expect(problems.figures.store == nil, "the engine reports its own problem")
        #expect(!problems.store("no space", noticedBy: .check))
        #expect(!problems.store(nil, noticedBy: .check))
        reports.report(.storeResumed)
        #expect(lines.messages.last == "Downloads resumed, the file store accepts files again")
        // The next outage is another one.
        reports.report(.storePaused(message: "no space"))
        #expect(lines.messages.count == 3)
    }
}
