import Testing

/// Tests of commands that start and end, as processes. Processes wait most of the time, so the suites of this file run side by
/// side. Within each, one test runs after another, because the processes share few cores.
@Suite("Commands, end to end", .serialized) struct CommandsEndToEnd {}

/// Tests of workers that run as processes.
@Suite("Workers, end to end", .serialized) struct WorkersEndToEnd {}

/// Tests of workers, as processes, while the cluster has faults or is not set up as it should be.
@Suite("Faults of the cluster, end to end", .serialized) struct FaultsEndToEnd {}
