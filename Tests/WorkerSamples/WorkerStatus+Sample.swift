package import ExportCore

// Only the core creates these values. Each sample is a machine's value with changed fields.

extension WorkerStatus {
    /// A worker that works normally.
    package static func sample(
        partitions: [Partition] = [.sample(0), .sample(1)],
        accounts: [Account] = [.sample("default")]
    ) -> WorkerStatus {
        var status = WorkerMachine(CoreConfiguration()).status()
        status.partitions = partitions
        status.accounts = accounts
        status.callsInFlight = 3
        status.downloadsInFlight = 1
        status.downloadsWaiting = 2
        status.partitionCount = 4
        return status
    }
}

extension WorkerStatus.Partition {
    package static func sample(
        _ number: Int32,
        _ lifecycle: PartitionLifecycle = .active,
        jobs: [JobPhase: Int] = [.accepted: 1, .submitting: 2, .waiting: 30, .ready: 4, .finished: 500],
        nextWake: Instant? = nil
    ) -> WorkerStatus.Partition {
        var machine = WorkerMachine(CoreConfiguration())
        let now = EventTime(wall: Sample.start, monotonic: MonotonicInstant(milliseconds: 0))
        _ = machine.handle(.assigned(partition: number, epoch: 1), at: now)
        var partition = machine.status().partitions[0]
        partition.lifecycle = lifecycle
        partition.position = 1_234
        partition.jobs = jobs
        partition.nextWake = nextWake
        return partition
    }
}

extension WorkerStatus.Account {
    package static func sample(
        _ name: String,
        problem: AccountProblem? = nil,
        waiting: [CallKind: Int] = [:],
        rate: Double = 20
    ) -> WorkerStatus.Account {
        var account = WorkerMachine(CoreConfiguration()).status().accounts[0]
        account.name = name
        account.problem = problem
        account.waiting = waiting
        account.requestsPerSecond = rate
        return account
    }
}
