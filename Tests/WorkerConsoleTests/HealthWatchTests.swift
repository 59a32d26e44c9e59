import Testing

@testable import ExportCore
@testable import WorkerConsole

@Suite("Readiness")
struct HealthWatchTests {
    private static let wall = Sample.start

    private func sample(_ status: WorkerStatus?, _ change: (inout HealthSample) -> Void = { _ in }) -> HealthSample {
        var sample = HealthSample(status: status, wallClock: Self.wall)
        change(&sample)
        return sample
    }

    /// The watch after the same sample at each of these seconds.
    private func watch(_ sample: HealthSample, at seconds: [Int]) -> HealthWatch {
        var watch = HealthWatch(HealthThresholds())
        for second in seconds { watch.take(sample, at: .seconds(second)) }
        return watch
    }

    private func codes(_ watch: HealthWatch) -> [HealthReason.Code] { watch.verdict.reasons.map(\.code) }

    @Test func aWorkerAtItsWorkIsReady() {
        let watch = watch(sample(.sample()), at: [0, 1, 200])
        #expect(watch.verdict == HealthVerdict(reasons: []))
        #expect(watch.verdict.standing == .ready)
    }

    @Test func aWorkerThatHasNotBegunIsStarting() {
        #expect(codes(HealthWatch(HealthThresholds())) == [.starting])
        #expect(codes(watch(sample(nil), at: [0, 100])) == [.starting])
    }

    @Test func anEngineThatStopsAnswering() {
        var watch = watch(sample(.sample()), at: [0])
        watch.take(sample(nil), at: .seconds(4))
        #expect(codes(watch).isEmpty)
        watch.take(sample(nil), at: .seconds(5))
        #expect(codes(watch) == [.engineSilent])
        watch.take(sample(.sample()), at: .seconds(6))
        #expect(codes(watch).isEmpty)
    }

    @Test func membership() {
        let idle = WorkerStatus.sample(partitions: [])
        #expect(codes(watch(sample(idle), at: [0])) == [.notJoined])
        #expect(codes(watch(sample(idle) { $0.isGroupMember = true }, at: [0])).isEmpty)
        #expect(codes(watch(sample(.sample()) { $0.isGroupMember = false }, at: [0])) == [.notJoined])
        // Without anybody to ask: joined is who had a partition once.
        var watch = watch(sample(.sample()), at: [0])
        watch.take(sample(idle), at: .seconds(1))
        #expect(codes(watch).isEmpty)
    }

    @Test func partitions() {
        let restoring = WorkerStatus.sample(partitions: [.sample(0), .sample(3, .restoring)])
        #expect(codes(watch(sample(restoring), at: [0, 119])).isEmpty)
        let long = watch(sample(restoring), at: [0, 120])
        #expect(codes(long) == [.restoring])
        #expect(long.verdict.reasons.first?.message.contains("Partition 3") == true)
        #expect(long.waits(of: .sample(3, .restoring)) == "Its state topic partition to be read, for 2 min now.")

        let stopped = WorkerStatus.sample(partitions: [.sample(2, .stopped(reason: "version 9 is not known"))])
        #expect(codes(watch(sample(stopped), at: [0])) == [.partitionStopped])

        let draining = WorkerStatus.sample(partitions: [.sample(2, .draining(until: .distantFuture))])
        #expect(codes(watch(sample(draining), at: [0, 59])).isEmpty)
        #expect(codes(watch(sample(draining), at: [0, 60])) == [.handOverStuck])
    }

    @Test func recordsThatNobodyReads() throws {
        var partition = WorkerStatus.Partition.sample(3)
        partition.unread = 12
        let stuck = watch(sample(.sample(partitions: [.sample(0), partition])), at: [0, 60])
        #expect(codes(stuck) == [.intakeStuck])
        let reason = try #require(stuck.verdict.reasons.first)
        #expect(reason.partition == 3)
        #expect(reason.message.contains("12 records to read from offset 1234 on"))
        #expect(!stuck.verdict.isReady)
        #expect(stuck.waits(of: partition).contains("12 records to be read, for 60 s now"))
        // A paused intake is another matter, and so is one that moves.
        var paused = WorkerStatus.sample(partitions: [partition])
        paused.intakePauses = [.pending]
        #expect(!codes(watch(sample(paused), at: [0, 60])).contains(.intakeStuck))
        var moving = watch(sample(.sample(partitions: [partition])), at: [0, 59])
        partition.position += 1
        moving.take(sample(.sample(partitions: [partition])), at: .seconds(61))
        #expect(codes(moving).isEmpty)
    }

    @Test func aNewAssignmentBeginsANewStretch() {
        var partition = WorkerStatus.Partition.sample(3, .restoring)
        var watch = watch(sample(.sample(partitions: [partition])), at: [0, 100])
        partition.epoch += 1
        watch.take(sample(.sample(partitions: [partition])), at: .seconds(130))
        #expect(codes(watch).isEmpty)
    }

    @Test func accounts() {
        let bad = WorkerStatus.Account.sample("b", problem: .locked(message: "The account is locked."))
        let one = watch(sample(.sample(accounts: [.sample("a"), bad])), at: [0])
        #expect(codes(one) == [.accountPaused])
        #expect(one.verdict.standing == .degraded)
        let all = watch(sample(.sample(accounts: [bad])), at: [0])
        #expect(codes(all) == [.allAccountsPaused])
        #expect(all.verdict.standing == .notReady)
    }

    @Test func commits() {
        var status = WorkerStatus.sample()
        status.commitFailures = 3
        #expect(codes(watch(sample(status), at: [0])) == [.commitsFailing])
        status.commitFailures = 0
        status.isCommitting = true
        #expect(codes(watch(sample(status), at: [0, 59])).isEmpty)
        let stuck = watch(sample(status), at: [0, 60])
        #expect(codes(stuck) == [.commitStuck])
        #expect(stuck.verdict.reasons.first?.message.contains("Partitions 0, 1 wait for a commit") == true)
        // Commits that follow one another without a pause are progress.
        var busy = HealthWatch(HealthThresholds())
        for second in 0..<100 { busy.take(sample(status) { $0.commits = second / 30 }, at: .seconds(second)) }
        #expect(codes(busy).isEmpty)
    }

    @Test func recordsThatNobodyCommits() {
        var status = WorkerStatus.sample()
        status.recordsGathering = 4
        #expect(codes(watch(sample(status), at: [0, 60])) == [.commitStuck])
    }

    @Test func callsThatWaitThoughThereIsBudget() {
        let waiting = WorkerStatus.sample(accounts: [.sample("a", waiting: [.poll: 5])])
        #expect(codes(watch(sample(waiting), at: [0, 59])).isEmpty)
        #expect(codes(watch(sample(waiting), at: [0, 60])) == [.callsStuck])
        #expect(codes(watch(sample(waiting) { $0.throttledAccounts = ["a"] }, at: [0, 60])).isEmpty)
        let slow = WorkerStatus.sample(accounts: [.sample("a", waiting: [.poll: 5], rate: 0.01)])
        #expect(codes(watch(sample(slow), at: [0, 200])).isEmpty)
        #expect(codes(watch(sample(slow), at: [0, 301])) == [.callsStuck])
        var moving = HealthWatch(HealthThresholds())
        for second in 0..<100 { moving.take(sample(waiting) { $0.calls = second / 30 }, at: .seconds(second)) }
        #expect(codes(moving).isEmpty)
    }

    @Test func timers() {
        func status(wake: Duration) -> WorkerStatus {
            .sample(partitions: [.sample(0, nextWake: Self.wall.advanced(by: wake))])
        }
        #expect(codes(watch(sample(status(wake: .seconds(-59))), at: [0])).isEmpty)
        #expect(codes(watch(sample(status(wake: .seconds(-60))), at: [0])) == [.timersLate])
        #expect(codes(watch(sample(status(wake: .seconds(600))), at: [0])).isEmpty)
    }

    @Test func theRest() {
        #expect(codes(watch(sample(.sample()) { $0.connectionProblem = "down" }, at: [0])) == [.kafkaUnreachable])
        var stopping = WorkerStatus.sample()
        stopping.isStopping = true
        #expect(codes(watch(sample(stopping), at: [0])) == [.stopping])
        var paused = WorkerStatus.sample()
        paused.intakePauses = [.failures]
        let watch = watch(sample(paused), at: [0])
        #expect(codes(watch) == [.intakePaused])
        #expect(watch.verdict.standing == .degraded)
        let stuck = HeartbeatReading(name: "consumer", age: .seconds(90), maximumAge: .seconds(60), hasBegun: true)
        #expect(codes(self.watch(sample(.sample()) { $0.heartbeats = [stuck] }, at: [0])) == [.loopStuck])
    }

    @Test func whatBlocksComesFirst() {
        var status = WorkerStatus.sample()
        status.intakePauses = [.pending]
        status.commitFailures = 9
        let watch = watch(sample(status) { $0.connectionProblem = "down" }, at: [0])
        #expect(codes(watch) == [.kafkaUnreachable, .commitsFailing, .intakePaused])
        #expect(watch.verdict.reasons.allSatisfy { !$0.message.isEmpty && !$0.remedy.isEmpty })
    }

    @Test func whatAPartitionWaitsFor() {
        let watch = watch(sample(.sample()), at: [0])
        let busy = WorkerStatus.Partition.sample(0, nextWake: Self.wall.advanced(by: .seconds(34)))
        #expect(
            watch.waits(of: busy)
                == "The turn of 2 submissions; the service, with 30 exports; 4 downloads; the notBefore of 1 job; next timer in 34 s."
        )
        #expect(watch.waits(of: .sample(0, jobs: [.finished: 3])) == "New jobs.")
    }
}
