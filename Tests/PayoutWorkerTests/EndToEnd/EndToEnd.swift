import Testing

/// Tests that start processes, of the command's other parts. They wait most of the time, so they run in two lanes, but within
/// a lane one after another, because the processes share few cores.
@Suite("Commands, end to end", .serialized) struct CommandsEndToEnd {}

/// Tests that start processes, of workers.
@Suite("Workers, end to end", .serialized) struct WorkersEndToEnd {}
