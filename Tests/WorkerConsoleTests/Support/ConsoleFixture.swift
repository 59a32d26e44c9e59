import Logging
import ServiceLifecycle
import Testing
import WorkerRuntime
import WorkerSamples
import WorkerTelemetry

@testable import WorkerConsole

let quietLogger = Logger(label: "console") { _ in SwiftLogNoOpLogHandler() }

/// Runs a body with a console that listens on a free port, and stops the console.
func withConsole(
    _ source: FakeSource = FakeSource(),
    loops: [HealthSource] = [],
    telemetry: Telemetry = Telemetry(build: BuildInfo(version: "1.2.3"), texts: CodeTexts()),
    directory: (any FleetDirectory)? = nil,
    actions: (any ConsoleActions)? = nil,
    configure: (inout ConsoleConfiguration) -> Void = { _ in },
    _ body: (Int) async throws -> Void
) async throws {
    var configuration = ConsoleConfiguration()
    configuration.port = 0
    configuration.workerID = "worker-a"
    configuration.groupID = "payout-export-workers"
    // Only bound a hang.
    configuration.patience = .seconds(300)
    configuration.requestTimeout = .seconds(300)
    configuration.writeTimeout = .seconds(300)
    configuration.pageTime = .seconds(300)
    configuration.interval = .milliseconds(50)
    configure(&configuration)
    let server = ConsoleServer(
        configuration,
        source: source,
        telemetry: telemetry,
        loops: loops,
        directory: directory,
        actions: actions,
        logger: quietLogger
    )
    try await serving(server, body)
}

/// Runs a body while a console serves, and shuts the console down gracefully.
func serving(_ server: ConsoleServer, _ body: (Int) async throws -> Void) async throws {
    let services = ServiceGroup(services: [server], logger: quietLogger)
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        try await body(try #require(await server.listening()))
        await services.triggerGracefulShutdown()
        try await group.waitForAll()
    }
}
