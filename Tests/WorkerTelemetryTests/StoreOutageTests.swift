import ExportCore
import Logging
import Synchronization
import Testing
import WorkerSamples

@testable import WorkerTelemetry

/// The periodic check and the engine's downloads notice the same outage of the file store, at different times.
@Suite("Outages of the file store") struct StoreOutageTests {
    private let problems = ReportedProblems()
    private let lines = LoggedMessages()

    private var reports: ReportLogger { ReportLogger(lines.logger, texts: CodeTexts(), problems: problems) }

    @Test func outageThatTheCheckNoticesFirstIsLoggedByTheCheckAlone() {
        #expect(problems.store("no space", noticedBy: .check))
        #expect(problems.figures.store == "no space")
        reports.report(.storePaused(message: "no space"))
        #expect(!problems.store("no space", noticedBy: .check))
        reports.report(.storeResumed)
        #expect(lines.all == [])
        #expect(problems.store(nil, noticedBy: .check))
        #expect(problems.figures.store == nil)
        #expect(!problems.store(nil, noticedBy: .check))
    }

    @Test func outageThatDownloadsNoticeFirstIsLoggedByTheEngineAlone() {
        reports.report(.storePaused(message: "no space"))
        #expect(lines.all == ["Downloads paused, the file store accepts no files"])
        #expect(problems.figures.store == nil, "the engine reports its own problem")
        #expect(!problems.store("no space", noticedBy: .check))
        #expect(!problems.store(nil, noticedBy: .check))
        reports.report(.storeResumed)
        #expect(lines.all.last == "Downloads resumed, the file store accepts files again")
        // The next outage is another one.
        reports.report(.storePaused(message: "no space"))
        #expect(lines.all.count == 3)
    }
}

/// Keeps the messages of a logger.
private final class LoggedMessages: Sendable {
    private let messages = Mutex<[String]>([])

    var all: [String] { messages.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(messages: self) } }

    private struct Handler: LogHandler {
        let messages: LoggedMessages
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { messages.messages.withLock { $0.append("\(event.message)") } }
    }
}
