import Testing

/// Tests that start processes, of the other commands. They wait most of the time, so two suites run side by side, but within
/// a suite one test after another, because the processes share few cores.
@Suite("Commands, end to end", .serialized) struct CommandsEndToEnd {}

/// Tests that start processes, of workers.
@Suite("Workers, end to end", .serialized) struct WorkersEndToEnd {}
