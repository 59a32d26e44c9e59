import ArgumentParser

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
