import ExportCore

#if canImport(Glibc)
    import Glibc
#endif

/// Measures the memory of waiting jobs and the duration of their restore.
func measureMemory(jobs: Int) {
    let partitions = 8
    var worker = WorkerMachine(CoreConfiguration())
    let accepted = Instant(milliseconds: 1_750_000_000_000)
    let start = EventTime(wall: accepted, monotonic: MonotonicInstant(milliseconds: 0))
    _ = worker.handle(.partitionCount(partitions), at: start)
    for partition in 0..<Int32(partitions) { _ = worker.handle(.assigned(partition: partition, epoch: 1), at: start) }
    let before = residentBytes()
    var elapsed = Duration.zero
    var restored = 0
    while restored < jobs {
        let partition = Int32(restored / 1_000 % partitions)
        let records = (restored..<min(jobs, restored + 1_000)).map { waitingJob($0, acceptedAt: accepted) }
        restored += records.count
        let clock = ContinuousClock.now
        _ = worker.handle(.restored(partition: partition, epoch: 1, records), at: start)
        elapsed += ContinuousClock.now - clock
    }
    let clock = ContinuousClock.now
    for partition in 0..<Int32(partitions) {
        let event = WorkerEvent.restoreFinished(
            partition: partition,
            epoch: 1,
            RestoredEnds(committed: 0, low: 0, high: Int64(jobs))
        )
        _ = worker.handle(event, at: start)
    }
    let started = ContinuousClock.now - clock
    let used = residentBytes() - before
    print("\(jobs) waiting jobs: \(used >> 20) MiB resident, \(used / max(1, jobs)) bytes a job")
    print("restored in \(elapsed), started in \(started)")
    withExtendedLifetime(worker) {}
}

/// A typical job that waits for its export: UUIDs, a filter of ordinary length, some metadata.
private func waitingJob(_ number: Int, acceptedAt start: Instant) -> StateRecord {
    let job = ExportJob(
        id: uuid(number, 1),
        kind: .transactionHistory,
        filter: "earningForDate ge 2023-03-01 and earningForDate le 2023-04-12",
        metadataJSON: "{\"requestedBy\":\"billing\"}"
    )
    let submitted = start.advanced(by: .milliseconds(number % 1_000))
    return .job(
        JobRecord(
            job: job,
            offset: Int64(number),
            phase: .waiting,
            attempt: 1,
            requestID: uuid(number, 2),
            times: JobTimes(accepted: start, submitted: submitted)
        )
    )
}

private func uuid(_ number: Int, _ kind: Int) -> String {
    let digits = String(number &* 2_654_435_761 &+ kind, radix: 16)
    let padded = String(repeating: "0", count: max(0, 12 - digits.count)) + digits.suffix(12)
    return "93c2b3cf-c6d8-4e7e-ade\(kind)-\(padded)"
}

private func residentBytes() -> Int {
    #if canImport(Glibc)
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " "
        )
        return (fields.dropFirst().first.flatMap { Int($0) } ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    #else
        return 0
    #endif
}
