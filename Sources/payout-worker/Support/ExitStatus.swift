import ArgumentParser
import Foundation
import WorkerTelemetry

/// Exit statuses. ArgumentParser defines 64 (invalid usage).
enum ExitStatus {
    static let failed = ExitCode(1)
    static let invalidConfiguration = ExitCode(78)
}

/// Runs a command's body and converts its errors to a message on standard error and an exit status.
func reportingErrors<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
        return try await body()
    } catch let error as ConfigurationError {
        for problem in error.problems { Terminal.error(problem) }
        throw ExitStatus.invalidConfiguration
    } catch let error as ExitCode {
        throw error
    } catch let error as ValidationError {
        throw error
    } catch {
        Terminal.error("\(error)")
        throw ExitStatus.failed
    }
}

/// The two output streams.
enum Terminal {
    /// Writes an error message to standard error.
    static func error(_ message: String) {
        write("payout-worker: \(TextTable.printable(message, keepsLines: true))\n", to: .standardError)
    }

    /// Writes a note for people to standard error.
    static func note(_ message: String) { write(message + "\n", to: .standardError) }

    /// Writes a result to standard output.
    static func result(_ text: String) { write(text + "\n", to: .standardOutput) }

    /// Whether standard output is a terminal.
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether standard error is a terminal.
    static var isErrorInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// Standard error is written through its log writer, so that a reader that has stopped does not block the command,
    /// and log lines and messages keep their order.
    static func write(_ text: String, to handle: FileHandle) {
        if handle === FileHandle.standardError { return LogWriter.standardError.write(text.utf8) }
        // A terminal shows both in the order in which they are written: a progress line is erased before a result.
        LogWriter.standardError.flush(within: 0.1)
        // A closed pipe is not a failure of the command.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
