import Foundation
import WorkerTelemetry

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
