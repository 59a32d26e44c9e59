import ArgumentParser
import Foundation

/// Exit statuses; 64 (wrong usage) is ArgumentParser's own.
enum ExitStatus {
    static let failed = ExitCode(1)
    static let wrongConfiguration = ExitCode(78)
}

/// Runs a command's body and turns its errors into a message on standard error and an exit status.
func reportingErrors<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
        return try await body()
    } catch let error as ConfigurationError {
        for problem in error.problems { Terminal.error(problem) }
        throw ExitStatus.wrongConfiguration
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
    static func error(_ message: String) { write("payout-worker: \(message)\n", to: .standardError) }

    /// Writes a note for people to standard error.
    static func note(_ message: String) { write(message + "\n", to: .standardError) }

    /// Writes a result to standard output.
    static func result(_ text: String) { write(text + "\n", to: .standardOutput) }

    /// Whether a person looks at standard output.
    static var isInteractive: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether a person looks at standard error.
    static var isErrorInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    static func write(_ text: String, to handle: FileHandle) {
        // A reader that has gone away is no reason to fail.
        try? handle.write(contentsOf: Data(text.utf8))
    }
}
