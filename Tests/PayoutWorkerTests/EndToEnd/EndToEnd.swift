import Testing

/// Tests of commands that start and end, as processes. Processes wait most of the time, so this suite and that of the workers
/// run side by side. Within each, one test runs after another, because the processes share few cores.
@Suite("Commands, end to end", .serialized) struct CommandsEndToEnd {}

/// Tests of workers that run as processes.
@Suite("Workers, end to end", .serialized) struct WorkersEndToEnd {}
