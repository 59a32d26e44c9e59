import Logging
import Testing
import WorkerTelemetry

@testable import payout_worker

struct LogLevelsTests {
    @Test func levelAndLevelsOfPartsAreParsed() throws {
        let levels = try LogLevels("info, kafka=debug,API=Trace")
        #expect(levels.level == .info)
        #expect(levels.level(of: .kafka) == .debug)
        #expect(levels.level(of: .api) == .trace)
        #expect(levels.level(of: .engine) == .info)
        #expect(try LogLevels("WARNING").level == .warning)
        #expect(try LogLevels("files=error").level == .info)
    }

    @Test(arguments: ["loud", "info,kafka", "kafka=loud", "broker=info", "info,=debug"])
    func invalidLevelIsAConfigurationError(_ text: String) {
        #expect(throws: ConfigurationError.self) { try LogLevels(text) }
    }

    @Test func partOfTheLogHasItsOwnLevel() throws {
        let settings = try Settings(
            environment: ["LOG_LEVEL": "warning,kafka=debug", "LOG_FORMAT": "text"]
        )
        let logger = try LogSetup.makeLogger(settings)
        #expect(logger.logLevel == .warning)
        #expect(logger.part(.kafka).logLevel == .debug)
        #expect(logger.part(.engine).logLevel == .warning)
    }
}
