import Testing

@testable import ExportCore

/// Assignment, release, commits and intake.
@Suite struct WorkerTests {
    // MARK: Release

    @Test func revokedPartitionIsReleasedAfterItsDecisionsAreCommitted() {
        var bench = Bench(partitions: 2)
        bench.enqueue(export("job"))
        bench.handle(.revoked([0, 1]))
        #expect(bench.releases == [1], "the other one has no open decisions")
        bench.commitAll()
        #expect(bench.releases == [1, 0])
        #expect(bench.calls.isEmpty, "a call that waited for the commit belongs to the next owner")
    }

    @Test func drainingPartitionWaitsForAnswersForLimitedTime() {
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
        #expect(bench.worker.nextWake(after: bench.now) == bench.now.monotonic.advanced(by: WorkerMachine.drainGrace))
        bench.wait(2)
        #expect(bench.releases == [0, 1])
    }

    @Test func drainingPartitionIsReleasedAfterRepeatedCommitFailures() {
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

    @Test func drainingPartitionNeedsNoTickWhileItsCommitIsInFlight() {
        var bench = Bench()
        bench.enqueue(export("job"))
        bench.handle(.stopNow)
        #expect(bench.worker.nextWake(after: bench.now) == nil)
    }

    @Test func lostPartitionCommitsNothing() {
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

    @Test func failedBatchIsSentAgainWithoutLostPartition() {
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

    @Test func stopCompletesWithLastRelease() {
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
        #expect(bench.releases == [1, 0, 0], "a partition assigned after a stop is released at once")
    }

    // MARK: Restore

    @Test func restoredJobContinuesInItsPhase() {
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
        let starts = bench.actions.compactMap { if case .start(_, 2, let from) = $0 { from.offset } else { nil } }
        #expect(starts == [7], "the state alone determines where to continue")
    }

    @Test func positionUnknownToGroupIsCommitted() {
        var bench = Bench()
        bench.handle(.lost([0]))
        let origin = StateOrigin(position: JobsPosition(generation: 1))
        let position = JobsPosition(generation: 1, offset: 9)
        bench.assign(0, epoch: 2, [.origin(origin), .position(position)], committed: nil)
        #expect(bench.batches.last?.positions.map(\.offset) == [9])
        #expect(bench.batches.last?.records.isEmpty ?? false)
    }

    @Test func readingContinuesFromStatePositionWhenCommittedOffsetIsBeyondIt() {
        var bench = Bench()
        bench.handle(.lost([0]))
        bench.assign(0, epoch: 2, [bench.origin, .position(JobsPosition(generation: 1, offset: 9))], committed: 40)
        #expect(bench.starts(of: 0) == [9])
        #expect(bench.reports.contains { if case .foreignOffset(0, 40, 9) = $0 { true } else { false } })
        #expect(bench.unread.isEmpty)
        #expect(bench.batches.last?.positions.map(\.offset) == [9], "the group's offset is corrected")
    }

    @Test func committedOffsetBeyondEndOfTopicIsReportedAsForeign() {
        var bench = Bench()
        bench.handle(.lost([0]))
        bench.assign(0, epoch: 2, [bench.origin, .position(JobsPosition(generation: 1, offset: 9))], committed: 4_000)
        #expect(bench.starts(of: 0) == [9])
    }

    @Test func offsetsDeletedUnreadAreReported() {
        var bench = Bench()
        bench.handle(.lost([0]))
        bench.assign(
            0,
            epoch: 2,
            [bench.origin, .position(JobsPosition(generation: 1, offset: 9))],
            committed: 9,
            low: 19
        )
        #expect(bench.starts(of: 0) == [19])
        #expect(bench.unread == [UnreadRecords(partition: 0, from: 9, to: 19)])
        #expect(bench.unread.map(\.count) == [10])
        // Reported once: the position beyond the gap is part of the state from now on.
        bench.commitAll()
        bench.handle(.lost([0]))
        bench.actions = []
        bench.assign(
            0,
            epoch: 3,
            [bench.origin, .position(JobsPosition(generation: 1, offset: 19))],
            committed: 19,
            low: 19
        )
        #expect(bench.unread.isEmpty)
    }

    @Test func newGroupOnTruncatedTopicReportsNoUnreadRecords() {
        var bench = Bench()
        bench.handle(.lost([0]))
        bench.assign(0, epoch: 2, committed: nil, low: 19)
        #expect(bench.starts(of: 0) == [19])
        #expect(bench.unread.isEmpty)
    }

    @Test func stateAheadOfJobsTopicStopsPartition() {
        var bench = Bench()
        bench.handle(.lost([0]))
        bench.assign(0, epoch: 2, [.position(JobsPosition(offset: 9))], committed: 9, high: 5)
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
            #expect(bench.intake == (index == 0 ? [true] : [true, false]), "intake resumes at eight, not at nine")
        }
    }

    @Test func pausedAccountDoesNotPauseIntakeOfOthers() {
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
        #expect(bench.intake == [true, false, true], "ten times the limit pauses intake even for paused accounts")
    }

    @Test func tenantRefusingEveryJobPausesIntake() {
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

    @Test func everyBatchCarriesPositionsOfItsPartitions() {
        var bench = Bench(partitions: 3) { $0.commitInterval = .seconds(1) }
        bench.enqueue(export("a"), partition: 0)
        bench.enqueue(cancel("unknown"), partition: 2)
        bench.wait(1)
        #expect(bench.batches.last?.positions.map(\.partition) == [0, 2])
        bench.commitAll()
        bench.answer(.created(requestID: "request-1"))
        bench.wait(1)
        // The position did not move, but the partition has records.
        #expect(bench.batches.last?.positions.map(\.partition) == [0])
        #expect(bench.worker.audit(inFlight: [], at: bench.now, tables: true) == nil)
    }
}
