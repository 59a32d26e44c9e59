import Testing

@testable import ExportCore

/// Assignment, hand-over, commits and intake.
@Suite struct WorkerTests {
    // MARK: Hand-over

    @Test func aRevokedPartitionIsReleasedWhenItsDecisionsAreStored() {
        var bench = Bench(partitions: 2)
        bench.enqueue(export("job"))
        bench.handle(.revoked([0, 1]))
        #expect(bench.releases == [1], "nothing is open for the other one")
        bench.commitAll()
        #expect(bench.releases == [1, 0])
        #expect(bench.calls.isEmpty, "a call that waited for the commit belongs to the next owner")
    }

    @Test func aDrainingPartitionWaitsForAnswersButNotForEver() {
        var bench = Bench(partitions: 2)
        bench.enqueue(export("job-0"))
        bench.commitAll()
        bench.handle(.revoked([0]))
        #expect(bench.releases.isEmpty)
        bench.answer(.created(requestID: "request-1"))
        bench.commitAll()
        #expect(bench.releases == [0])

        bench.enqueue(export("job-1"), partition: 1)
        bench.commitAll()
        bench.handle(.revoked([1]))
        #expect(bench.worker.nextWake(after: bench.now) == bench.now.advanced(by: WorkerMachine.drainGrace))
        bench.wait(2)
        #expect(bench.releases == [0, 1])
    }

    @Test func aPartitionThatTheLogDoesNotTakeIsGivenUp() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.handle(.revoked([0]))
        for _ in 0..<3 {
            guard let batch = bench.batches.last else { break }
            bench.handle(.commitFailed(batch: batch.id))
            bench.wait(1)
        }
        #expect(bench.releases == [0])
        #expect(bench.reports.contains { if case .lost(0, 1, _) = $0 { true } else { false } })
    }

    @Test func waitingForACommitDoesNotSpin() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.handle(.stopNow)
        #expect(bench.worker.nextWake(after: bench.now) == nil)
    }

    @Test func aLostPartitionCommitsNothingMore() {
        var bench = Bench(partitions: 2) { $0.commitInterval = .seconds(1) }
        bench.enqueue(export("job-0"))
        bench.enqueue(export("job-1"), partition: 1)
        bench.handle(.lost([0]))
        bench.wait(2)
        let records = bench.batches.flatMap(\.records)
        #expect(records.map(\.partition) == [1])
        #expect(bench.batches.flatMap(\.positions).map(\.partition) == [1])
        bench.commitAll()
        #expect(bench.calls.map(\.job.id) == ["job-1"])
    }

    @Test func aFailedBatchIsSentAgainWithoutWhatWasLost() {
        var bench = Bench(partitions: 2) { $0.commitInterval = .seconds(1) }
        bench.enqueue(export("job-0"))
        bench.enqueue(export("job-1"), partition: 1)
        bench.wait(2)
        let first = bench.batches[0]
        bench.handle(.lost([0]))
        bench.handle(.commitFailed(batch: first.id))
        bench.handle(.generationChanged)
        #expect(bench.batches.count == 2)
        #expect(bench.batches[1].id == first.id)
        #expect(bench.batches[1].records.map(\.partition) == [1])
    }

    @Test func lateAnswersAreDropped() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.commitAll()
        let call = bench.calls[0]
        bench.handle(.lost([0]))
        let record = JobRecord(
            job: ExportJob(id: "other", kind: .payments),
            offset: 0,
            phase: .submitting,
            attempt: 1,
            times: JobTimes(accepted: .at(0))
        )
        bench.assign(0, epoch: 2, [.job(record)], committed: 1)
        bench.handle(.answered(call.token, .created(requestID: "request-1")))
        #expect(bench.phase("other") == .submitting)
        #expect(bench.reports.contains { if case .lateAnswer(0, 1) = $0 { true } else { false } })
    }

    @Test func stoppingEndsWithTheLastRelease() {
        var bench = Bench(partitions: 2)
        bench.enqueue(export("job"))
        bench.commitAll()
        bench.handle(.stop)
        #expect(bench.releases == [1])
        bench.answer(.created(requestID: "request-1"))
        bench.commitAll()
        #expect(bench.releases == [1, 0])
        #expect({ if case .drained(jobs: 1) = bench.actions.last { true } else { false } }())
        bench.assign(0, epoch: 2)
        #expect(bench.releases == [1, 0, 0], "what comes after a stop goes at once")
    }

    // MARK: Restore

    @Test func aRestoredJobGoesOnWhereItStood() {
        var bench = Bench()
        bench.handle(.lost([0]))
        let times = JobTimes(accepted: .at(0), submitted: .at(0))
        func record(_ id: String, _ offset: Int64, _ phase: JobPhase) -> StateRecord {
            var record = JobRecord(
                job: ExportJob(id: id, kind: .payments),
                offset: offset,
                phase: phase,
                attempt: 1,
                requestID: phase == .submitting ? nil : "request-\(id)",
                times: times
            )
            if phase == .ready { record.blobURL = url }
            return .job(record)
        }
        bench.now = .at(1_000)
        bench.assign(0, epoch: 2, [record("a", 3, .submitting), record("b", 4, .waiting), record("c", 6, .ready)])
        bench.wait(300)
        #expect(Set(bench.calls.map(\.token.kind)) == [.create, .poll, .download])
        let starts = bench.actions.compactMap { if case .start(_, 2, let from) = $0 { from } else { nil } }
        #expect(starts == [7], "the state alone says where to go on")
    }

    @Test func thePositionIsCommittedWhenTheGroupDoesNotKnowIt() {
        var bench = Bench()
        bench.handle(.lost([0]))
        bench.assign(0, epoch: 2, [.position(9)], committed: nil)
        #expect(bench.batches.last?.positions.map(\.offset) == [9])
        #expect(bench.batches.last?.records.isEmpty ?? false)
    }

    @Test func stateThatIsAheadOfTheJobsTopicStopsThePartition() {
        var bench = Bench()
        bench.handle(.lost([0]))
        bench.assign(0, epoch: 2, [.position(9)], committed: 9, high: 5)
        #expect(bench.reports.contains { if case .stopped(0, 2, _) = $0 { true } else { false } })
        bench.handle(.received(partition: 0, epoch: 2, [input(9, export("job"))]))
        bench.commitAll()
        #expect(bench.phase("job") == nil)
        bench.handle(.revoked([0]))
        #expect(bench.releases == [0])
    }

    // MARK: Intake

    @Test func intakePausesAndResumesWithHysteresis() {
        var bench = Bench {
            $0.maxPending = 10
            $0.requestsPerSecond = [1_000]
        }
        for number in 0..<10 { bench.enqueue(export("job-\(number)")) }
        #expect(bench.intake == [true])
        bench.commitAll()
        for (index, call) in bench.calls.enumerated() {
            bench.handle(.answered(call.token, .created(requestID: "request-\(index)")))
            #expect(bench.intake == (index == 0 ? [true] : [true, false]), "eight are few enough, nine are not")
        }
    }

    @Test func aPausedAccountDoesNotStopTheOthersIntake() {
        var bench = Bench {
            $0.accounts = ["default", "other"]
            $0.maxPending = 5
        }
        bench.enqueue(export("first"))
        bench.commitAll()
        bench.answer(.failed(.account(.locked(message: "locked"))))
        for number in 0..<20 { bench.enqueue(export("job-\(number)")) }
        #expect(bench.intake.isEmpty)
        for number in 0..<5 { bench.enqueue(export("other-\(number)") { $0.account = "other" }) }
        #expect(bench.intake == [true])
        bench.commitAll()
        for call in bench.calls where call.job.account == "other" {
            bench.handle(.answered(call.token, .created(requestID: call.job.id)))
        }
        #expect(bench.intake == [true, false])
        for number in 20..<49 { bench.enqueue(export("job-\(number)")) }
        #expect(bench.intake == [true, false, true], "ten times the limit is too many all the same")
    }

    @Test func aTenantThatRefusesEverythingPausesTheIntake() {
        var bench = Bench {
            $0.breaker.window = 20
            $0.requestsPerSecond = [1_000]
        }
        for number in 0..<20 {
            bench.enqueue(export("job-\(number)"))
            bench.commitAll()
            bench.answer(.failed(.refused(message: "400")))
        }
        bench.commitAll()
        #expect(bench.worker.status().intakePauses == [.failures])
        bench.wait(31)
        #expect(bench.intake == [true, false])
    }

    @Test func everyBatchCarriesThePositionsThatFenceIt() {
        var bench = Bench(partitions: 3) { $0.commitInterval = .seconds(1) }
        bench.enqueue(export("a"), partition: 0)
        bench.enqueue(cancel("nobody"), partition: 2)
        bench.wait(1)
        #expect(bench.batches.last?.positions.map(\.partition) == [0, 2])
        bench.commitAll()
        bench.answer(.created(requestID: "request-1"))
        bench.wait(1)
        // The position did not move; the partition was changed all the same.
        #expect(bench.batches.last?.positions.map(\.partition) == [0])
        #expect(bench.worker.audit(inFlight: [], tables: true) == nil)
    }
}
