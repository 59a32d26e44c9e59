import Testing
import WorkerSamples
import WorkerTelemetry

@testable import ExportCore
@testable import WorkerConsole
@testable import WorkerRuntime

@Suite("Readiness")
struct HealthWatchTests: HealthSuite {
    @Test func workingWorkerIsReady() {
        let watch = watch(sample(.sample()), at: [0, 1, 200])
        #expect(watch.health == HealthReport(reasons: []))
        #expect(watch.health.status == .ready)
    }

    @Test func workerWithoutAnAnswerIsStarting() {
        #expect(codes(HealthWatch(HealthThresholds(), texts: CodeTexts())) == [.starting])
        #expect(codes(watch(sample(nil), at: [0, 100])) == [.starting])
    }

    @Test func engineIsSilentFiveSecondsAfterItsLastAnswer() {
        var watch = watch(sample(.sample()), at: [0])
        watch.update(with: sample(nil), at: .seconds(4))
        #expect(codes(watch).isEmpty)
        watch.update(with: sample(nil), at: .seconds(5))
        #expect(codes(watch) == [.engineSilent])
        watch.update(with: sample(.sample()), at: .seconds(6))
        #expect(codes(watch).isEmpty)
    }

    @Test func workerWithoutMembershipHasNotJoined() {
        let idle = WorkerStatus.sample(partitions: [])
        #expect(codes(watch(sample(idle), at: [0])) == [.notJoined])
        #expect(codes(watch(sample(idle) { $0.isGroupMember = true }, at: [0])).isEmpty)
        #expect(codes(watch(sample(.sample()) { $0.isGroupMember = false }, at: [0])) == [.notJoined])
        // Without information from the consumer, a worker counts as a member after its first assignment.
        var watch = watch(sample(.sample()), at: [0])
        watch.update(with: sample(idle), at: .seconds(1))
        #expect(codes(watch).isEmpty)
    }

    @Test func stoppedAndSlowPartitionsAreReported() {
        let restoring = WorkerStatus.sample(partitions: [.sample(0), .sample(3, .restoring)])
        #expect(codes(watch(sample(restoring), at: [0, 119])).isEmpty)
        let long = watch(sample(restoring), at: [0, 120])
        #expect(codes(long) == [.restoring])
        #expect(long.health.reasons.first?.message.contains("Partition 3") == true)
        #expect(long.waits(of: .sample(3, .restoring)) == "The restore of its state, for 2 min now.")

        let stopped = WorkerStatus.sample(partitions: [
            .sample(2, .stopped(reason: .stateUnreadable(offset: 1, cause: "version 9 is not known")))
        ])
        #expect(codes(watch(sample(stopped), at: [0])) == [.partitionStopped])

        let draining = WorkerStatus.sample(partitions: [.sample(2, .draining(until: .distantFuture))])
        #expect(codes(watch(sample(draining), at: [0, 59])).isEmpty)
        #expect(codes(watch(sample(draining), at: [0, 60])) == [.handOverStuck])
    }

    @Test func unreadRecordsWithoutProgressAreStuckIntake() throws {
        var partition = WorkerStatus.Partition.sample(3)
        partition.unread = 12
        let stuck = watch(sample(.sample(partitions: [.sample(0), partition])), at: [0, 60])
        #expect(codes(stuck) == [.intakeStuck])
        let reason = try #require(stuck.health.reasons.first)
        #expect(reason.partition == 3)
        #expect(reason.message.contains("12 records to read from offset 1234 on"))
        #expect(!stuck.health.isReady)
        #expect(stuck.waits(of: partition).contains("12 records to be read, for 1 min now"))
        // Paused intake is not stuck, and neither is intake with progress.
        var paused = WorkerStatus.sample(partitions: [partition])
        paused.intakePauses = [.pending]
        #expect(!codes(watch(sample(paused), at: [0, 60])).contains(.intakeStuck))
        var moving = watch(sample(.sample(partitions: [partition])), at: [0, 59])
        partition.position += 1
        moving.update(with: sample(.sample(partitions: [partition])), at: .seconds(61))
        #expect(codes(moving).isEmpty)
    }

    @Test func openTransactionOfAnotherProducerIsReportedWithPartitionAndOffsets() throws {
        var partition = WorkerStatus.Partition.sample(3)
        partition.keptBack = 100..<112
        let status = WorkerStatus.sample(partitions: [.sample(0), partition])
        #expect(codes(watch(sample(status), at: [0, 59])).isEmpty)
        let stuck = watch(sample(status), at: [0, 60])
        #expect(codes(stuck) == [.openTransaction])
        let reason = try #require(stuck.health.reasons.first)
        #expect(reason.partition == 3)
        #expect(reason.message.contains("transaction"))
        #expect(reason.message.contains("from offset 100 to its end at 112"))
        #expect(!stuck.health.isReady)
        #expect(!stuck.waits(of: partition).contains("New jobs"))
        // When transactions end, the beginning of the range that is held back moves.
        var busy = watch(sample(status), at: [0, 59])
        partition.keptBack = 110..<120
        busy.update(with: sample(.sample(partitions: [.sample(0), partition])), at: .seconds(61))
        #expect(codes(busy).isEmpty)
    }

    @Test(arguments: [
        StopReason.jobsEndBelowPosition(position: 9, end: 4), .jobsReplaced(offset: 8), .stateMissing(committed: 9),
        .stateTruncated(start: 3), .stateIncomplete, .stateRefused,
    ])
    func stoppedPartitionHasTheRemedyOfItsReason(reason: StopReason) throws {
        let status = WorkerStatus.sample(partitions: [.sample(2, .stopped(reason: reason))])
        let watch = watch(sample(status), at: [0])
        let found = try #require(watch.health.reasons.first)
        let remedy = CodeTexts().remedy(for: reason, partition: 2)
        #expect(found.code == .partitionStopped)
        #expect(found.message.contains(reason.explanation))
        #expect(found.remedy == remedy)
        #expect(watch.waits(of: .sample(2, .stopped(reason: reason))).hasSuffix(remedy))
    }

    @Test func newAssignmentRestartsTheAge() {
        var partition = WorkerStatus.Partition.sample(3, .restoring)
        var watch = watch(sample(.sample(partitions: [partition])), at: [0, 100])
        watch.update(with: sample(.sample(partitions: [.sample(0)])), at: .seconds(110))
        partition.epoch += 1
        watch.update(with: sample(.sample(partitions: [partition])), at: .seconds(130))
        #expect(codes(watch).isEmpty)
    }

    @Test func repeatedRestoreKeepsItsAge() {
        var partition = WorkerStatus.Partition.sample(3, .restoring)
        var watch = watch(sample(.sample(partitions: [partition])), at: [0, 30])
        for second in stride(from: 60, through: 120, by: 30) {
            partition.epoch += 1
            watch.update(with: sample(.sample(partitions: [partition])), at: .seconds(second))
        }
        #expect(codes(watch) == [.restoring])
    }

    @Test func pausedAccountDegradesAndAllPausedAccountsBlock() {
        let bad = WorkerStatus.Account.sample("b", problem: .locked(message: "The account is locked."))
        let one = watch(sample(.sample(accounts: [.sample("a"), bad])), at: [0])
        #expect(codes(one) == [.accountPaused])
        #expect(one.health.status == .degraded)
        let all = watch(sample(.sample(accounts: [bad])), at: [0])
        #expect(codes(all) == [.allAccountsPaused])
        #expect(all.health.status == .notReady)
    }

    @Test func failingAndStuckCommitsAreReported() {
        var status = WorkerStatus.sample()
        status.commitFailures = 3
        #expect(codes(watch(sample(status), at: [0])) == [.commitsFailing])
        status.commitFailures = 0
        status.isCommitting = true
        #expect(codes(watch(sample(status), at: [0, 59])).isEmpty)
        let stuck = watch(sample(status), at: [0, 60])
        #expect(codes(stuck) == [.commitStuck])
        #expect(stuck.health.reasons.first?.message.contains("Partitions 0, 1 wait for a commit") == true)
        // Consecutive commits without a pause are progress.
        var busy = HealthWatch(HealthThresholds(), texts: CodeTexts())
        for second in 0..<100 { busy.update(with: sample(status) { $0.commits = second / 30 }, at: .seconds(second)) }
        #expect(codes(busy).isEmpty)
    }

    @Test func uncommittedRecordsWithoutProgressAreAStuckCommit() {
        var status = WorkerStatus.sample()
        status.recordsGathering = 4
        #expect(codes(watch(sample(status), at: [0, 60])) == [.commitStuck])
    }

    @Test func waitingCallsWithinTheBudgetAreStuck() {
        let waiting = WorkerStatus.sample(accounts: [.sample("a", waiting: [.poll: 5])])
        #expect(codes(watch(sample(waiting), at: [0, 59])).isEmpty)
        #expect(codes(watch(sample(waiting), at: [0, 60])) == [.callsStuck])
        #expect(codes(watch(sample(waiting) { $0.throttledAccounts = ["a"] }, at: [0, 60])).isEmpty)
        let slow = WorkerStatus.sample(accounts: [.sample("a", waiting: [.poll: 5], rate: 0.01)])
        #expect(codes(watch(sample(slow), at: [0, 200])).isEmpty)
        #expect(codes(watch(sample(slow), at: [0, 301])) == [.callsStuck])
        var moving = HealthWatch(HealthThresholds(), texts: CodeTexts())
        for second in 0..<100 { moving.update(with: sample(waiting) { $0.calls = second / 30 }, at: .seconds(second)) }
        #expect(codes(moving).isEmpty)
    }

    @Test func timerIsLateAfterAMinute() {
        func status(wake: Duration) -> WorkerStatus {
            .sample(partitions: [.sample(0, nextWake: Sample.start.advanced(by: wake))])
        }
        #expect(codes(watch(sample(status(wake: .seconds(-59))), at: [0])).isEmpty)
        #expect(codes(watch(sample(status(wake: .seconds(-60))), at: [0])) == [.timersLate])
        #expect(codes(watch(sample(status(wake: .seconds(600))), at: [0])).isEmpty)
        // Timers wait while commits are behind.
        var behind = status(wake: .seconds(-60))
        behind.intakePauses = [.commits]
        #expect(!codes(watch(sample(behind), at: [0])).contains(.timersLate))
    }

    @Test func connectionStoppingIntakeAndLoopsAreReported() {
        #expect(
            codes(watch(sample(.sample()) { $0.connectionProblem = KafkaHealthTests.down }, at: [0])) == [
                .kafkaUnreachable
            ]
        )
        var stopping = WorkerStatus.sample()
        stopping.isStopping = true
        #expect(codes(watch(sample(stopping), at: [0])) == [.stopping])
        var paused = WorkerStatus.sample()
        paused.intakePauses = [.failures]
        let watch = watch(sample(paused), at: [0])
        #expect(codes(watch) == [.intakePaused])
        #expect(watch.health.status == .degraded)
        let stuck = HeartbeatReading(name: "consumer", age: .seconds(90), maximumAge: .seconds(60), hasBegun: true)
        #expect(codes(self.watch(sample(.sample()) { $0.heartbeats = [stuck] }, at: [0])) == [.loopStuck])
    }

    @Test func pausedJobsAreReportedOnceForAllPartitions() throws {
        var later = Sample.pause
        later.since = Sample.start.advanced(by: .seconds(2))
        var status = WorkerStatus.sample()
        status.partitions[0].pauses = [later]
        status.partitions[1].pauses = [Sample.pause, JobPause(since: later.since)]
        let health = watch(sample(status), at: [0]).health
        #expect(health.reasons.map(\.code) == [.jobsPaused, .jobsPaused])
        #expect(health.status == .degraded)
        #expect(health.reasons.map(\.remedy) == ["pause default", "pause all"])
        let documents = PausedJobs.all(in: status).map { PauseDocument($0, CodeTexts()) }
        #expect(documents.map(\.partitions) == [[0, 1], [1]])
        #expect(documents[0].since == Sample.start.text)
        #expect(PauseDocument.merged(documents + documents).map(\.partitions) == [[0, 0, 1, 1], [1, 1]])
    }

    @Test func blockingReasonsComeFirst() {
        var status = WorkerStatus.sample()
        status.intakePauses = [.pending]
        status.commitFailures = 9
        let watch = watch(sample(status) { $0.connectionProblem = KafkaHealthTests.down }, at: [0])
        #expect(codes(watch) == [.kafkaUnreachable, .commitsFailing, .intakePaused])
        #expect(watch.health.reasons.allSatisfy { !$0.message.isEmpty && !$0.remedy.isEmpty })
    }

    @Test func partitionReportsWhatItWaitsFor() {
        let watch = watch(sample(.sample()), at: [0])
        let busy = WorkerStatus.Partition.sample(0, nextWake: Sample.start.advanced(by: .seconds(34)))
        #expect(
            watch.waits(of: busy)
                == "The turn of 2 submissions; the service, with 30 exports; 4 downloads; the notBefore of 1 job; next timer in 34 s."
        )
        #expect(watch.waits(of: .sample(0, jobs: [.finished: 3])) == "New jobs.")
    }
}
