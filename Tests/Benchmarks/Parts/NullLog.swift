import Foundation
import Logging
import WorkerSamples
import WorkerTelemetry

/// The worker's log in JSON, as in production, to the null device.
enum NullLog {
    /// Holds the lines of a measurement, so that none is dropped.
    private static let capacity = 1 << 30

    /// Logs reports as the engine does.
    static func reportLogger() -> ReportLogger {
        let writer = LogWriter(descriptor: open("/dev/null", O_WRONLY), label: "bench", capacity: capacity)
        let logger = Logger(label: "bench") { label in
            LineLogHandler(label: label, isJSON: true, levels: LogLevels(), writer: writer)
        }
        return ReportLogger(logger.part(.engine), texts: CodeTexts(), problems: ReportedProblems())
    }
}
