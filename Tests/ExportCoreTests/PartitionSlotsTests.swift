import Testing

@testable import ExportCore

/// What the worker keeps of all its partitions: timers on two clocks, pending jobs, draining partitions.
@Suite struct PartitionSlotsTests {
    @Test(arguments: [1, 2, 3, 7, 64, 100])
    func earliestTimesAgreeWithSearch(slots: Int) {
        var random = SeededRandom(UInt64(slots))
        var times = EarliestTimes()
        var model = [Int64](repeating: EarliestTimes.never, count: slots)
        #expect(times.earliest == EarliestTimes.never)
        for _ in 0..<2_000 {
            let slot = random.roll(slots)
            model[slot] = random.roll(3) == 0 ? EarliestTimes.never : Int64(random.roll(50))
            times.set(slot, to: model[slot])
            let (start, time) = (random.roll(slots + 1), Int64(random.roll(50)))
            #expect(times.earliest == model.min())
            #expect(times.first(from: start, upTo: time) == model[start...].firstIndex { $0 <= time })
        }
        #expect(times.audit(model))
        model[slots - 1] = -1
        #expect(!times.audit(model))
    }

    /// A job of partition 0 waits for a time of day, one of partition 1 for an interval.
    @Test func settingWallClockMovesTimersOfThatClockAlone() {
        var bench = Bench(partitions: 2) {
            $0.pollMinInterval = .seconds(50)
            $0.pollMaxInterval = .seconds(50)
        }
        bench.enqueue(export("poll"), partition: 1)
        bench.commitAll()
        bench.answer(.created(requestID: "request-1"))
        let notBefore = bench.now.wall.advanced(by: .seconds(100))
        bench.enqueue(export("accepted") { $0.notBefore = notBefore }, partition: 0)
        bench.commitAll()
        let poll = bench.worker.nextWake(after: bench.now)
        bench.setClock(by: 97)
        #expect(bench.worker.nextWake(after: bench.now) == bench.now.monotonic.advanced(by: .seconds(3)))
        bench.setClock(by: -97)
        #expect(bench.worker.nextWake(after: bench.now) == poll)
        bench.setClock(by: 100)
        #expect(bench.phase("accepted") == .submitting)
        #expect(bench.worker.nextWake(after: bench.now) == poll)
        bench.commitAll()
        bench.wait(50)
        #expect(bench.calls.map(\.token.kind) == [.create, .create, .poll])
    }

    @Test func timersOfSeveralPartitionsFireInOneTurn() {
        var bench = Bench(partitions: 5)
        let notBefore = bench.now.wall.advanced(by: .seconds(60))
        for partition in [4, 0, 3] as [Int32] {
            bench.enqueue(export("job-\(partition)") { $0.notBefore = notBefore }, partition: partition)
        }
        bench.commitAll()
        #expect(bench.worker.nextWake(after: bench.now) == bench.now.monotonic.advanced(by: .seconds(60)))
        bench.wait(60)
        bench.commitAll()
        #expect(bench.calls.map(\.token.partition) == [0, 3, 4])
    }

    @Test(arguments: [WorkerEvent.lost([1]), .discontinuity(partition: 1, epoch: 1, .stateRefused)])
    func pendingJobsOfPartitionThatIsLostOrStoppedNoLongerPauseIntake(end: WorkerEvent) {
        var bench = Bench(partitions: 2) { $0.maxPending = 4 }
        for partition in 0..<2 as Range<Int32> {
            bench.enqueue(export("a-\(partition)"), export("b-\(partition)"), partition: partition)
        }
        #expect(bench.worker.status().intakePauses == [.pending])
        bench.handle(end)
        #expect(bench.worker.status().intakePauses == [])
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func totalsAgreeWithVisitOfEveryPartition(seed: UInt64) {
        var scenario = Scenario(seed)
        for step in 0..<800 {
            scenario.step()
            let complaint = scenario.bench.worker.audit(
                inFlight: scenario.inFlight,
                at: scenario.bench.now,
                tables: false
            )
            #expect(complaint == nil, "step \(step)")
            guard complaint == nil else { return }
        }
        #expect(scenario.ended > 20)
        #expect(scenario.released > 10)
    }
}

/// Random events of a worker with many partitions.
private struct Scenario {
    static let partitions = 40
    var bench: Bench
    var inFlight: Set<CallToken> = []
    var ended = 0
    var released = 0
    private var random: SeededRandom
    private var nextOffset: Int64 = 0
    private var nextEpoch: Epoch = 2
    private var batch: UInt64?

    init(_ seed: UInt64) {
        random = SeededRandom(seed)
        bench = Bench(partitions: Int32(Self.partitions)) {
            $0.accounts = ["first", "second"]
            $0.requestsPerSecond = [20, 1]
            $0.maxPending = 30
            $0.maxConcurrentRequests = 10
        }
    }

    mutating func step() {
        bench.actions = []
        let partition = Int32(random.roll(Self.partitions))
        switch random.roll(20) {
        case 0: bench.handle(.revoked([partition]))
        case 1: bench.handle(.lost([partition]))
        case 2, 3: assign(partition)
        case 4: bench.setClock(by: Double(random.roll(7_200) - 3_600))
        case 5: if let batch { bench.handle(.commitFailed(batch: batch)) }
        case 6..<9: bench.wait(Double(random.roll(20)))
        case 9..<12: receive(partition)
        case 12..<15:
            if let batch { bench.handle(.committed(batch: batch)) }
        default: answer()
        }
        note()
    }

    private mutating func assign(_ partition: Int32) {
        guard bench.worker.lifecycle(of: partition) == nil else { return }
        bench.assign(partition, epoch: nextEpoch, high: .max)
        nextEpoch += 1
    }

    private mutating func receive(_ partition: Int32) {
        guard let epoch = bench.worker.epoch(of: partition) else { return }
        let inputs = (0..<1 + random.roll(4)).map { _ in
            defer { nextOffset += 1 }
            let notBefore = random.roll(3) == 0 ? bench.now.wall.advanced(by: .seconds(random.roll(600))) : nil
            let account = ["first", "second", "unknown"][random.roll(3)]
            return input(nextOffset, export("job-\(nextOffset)") { ($0.notBefore, $0.account) = (notBefore, account) })
        }
        bench.handle(.received(partition: partition, epoch: epoch, inputs))
    }

    private mutating func answer() {
        // Sets have no reproducible order.
        let tokens = inFlight.sorted { ($0.partition, $0.epoch, $0.callID) < ($1.partition, $1.epoch, $1.callID) }
        guard !tokens.isEmpty else { return }
        let token = tokens[random.roll(tokens.count)]
        inFlight.remove(token)
        let result: CallResult
        switch (token.kind, random.roll(6)) {
        case (_, 0): result = .failed(.transient(message: "503"))
        case (_, 1): result = .failed(.account(.refused(message: "401")))
        case (.create, _): result = .created(requestID: "request-1")
        case (.poll, _): result = ready
        case (.delete, _): result = .deleted
        case (.download, _), (.manifest, _): result = .stored(storedFile)
        }
        bench.handle(.answered(token, result))
    }

    /// Notes what the actions of the step started and ended.
    private mutating func note() {
        for call in bench.calls { inFlight.insert(call.token) }
        released += bench.releases.count
        ended += bench.reports.count { if case .ended = $0 { true } else { false } }
        if let last = bench.batches.last { batch = last.id }
    }
}
