import Testing

@testable import ExportCore

/// The deadline of a batch, which is not that of its jobs.
extension JobBatchTests {
    /// A batch of three jobs that begins with one whose deadline is long after the batch's.
    private func batchWithFarDeadline() -> Bench {
        var bench = bench()
        bench.enqueue(
            export("one") { job in
                job.batch = JobBatch(id: "b", size: 3)
                job.deadline = .at(300 * 3_600)
            }
        )
        bench.commitAll()
        bench.answer(.created(requestID: "request"))
        bench.commitAll()
        return bench
    }

    @Test func deadlineOfJobThatHasEndedDoesNotKeepBatchOpen() throws {
        var bench = batchWithFarDeadline()
        bench.enqueue(cancel("one"))
        bench.commitAll()
        bench.wait(10 * 3_600 - 60)
        bench.commitAll()
        #expect(bench.batchEvents.isEmpty)
        bench.wait(120)
        bench.commitAll()
        let event = try #require(bench.batchEvents.first)
        #expect(event.status == .incomplete)
        #expect(event.members.map(\.status) == [.cancelled])
        #expect(event.missingCount == 2)
    }

    @Test func jobThatRunsKeepsBatchOpenAndItsEndIsTheBatchs() throws {
        var bench = batchWithFarDeadline()
        bench.enqueue(member("two", of: 3), cancel("two"))
        bench.commitAll()
        bench.wait(299 * 3_600)
        bench.commitAll()
        #expect(bench.batchEvents.isEmpty)
        bench.answer(.polled(.processing, url: nil, expiresAt: nil))
        bench.wait(2 * 3_600)
        let last = try #require(bench.batches.last)
        bench.commitAll()
        #expect(bench.code("one") == .deadlineExceeded)
        #expect(bench.batchEvents.map(\.status) == [.incomplete])
        #expect(bench.batchEvents.first?.members.map(\.status) == [.failed, .cancelled])
        #expect(last.records.contains { if case .batchEvent = $0 { true } else { false } }, "in one transaction")
    }

    @Test func jobThatWaitsForItsStartKeepsBatchOpen() {
        var bench = bench()
        bench.enqueue(
            export("one") { job in
                job.batch = JobBatch(id: "b", size: 2)
                job.notBefore = .at(48 * 3_600)
            }
        )
        bench.commitAll()
        bench.wait(47 * 3_600)
        bench.commitAll()
        #expect(bench.batchEvents.isEmpty)
        bench.enqueue(cancel("one"))
        bench.commitAll()
        #expect(bench.batchEvents.map(\.status) == [.incomplete])
    }

    /// The batch's timer has fired while the job ran, and the wall clock shows an earlier time when it ends.
    @Test func batchWaitsForMissingJobsAfterClockIsSetBack() {
        var bench = batchWithFarDeadline()
        bench.setClock(by: 11 * 3_600)
        bench.setClock(by: -11 * 3_600)
        bench.enqueue(cancel("one"))
        bench.commitAll()
        #expect(bench.batchEvents.isEmpty)
        bench.wait(10 * 3_600 + 60)
        bench.commitAll()
        #expect(bench.batchEvents.map(\.status) == [.incomplete])
    }

    /// A job whose first record is refused was never a member, and may have been all that the batch waited for.
    @Test func batchEndsWhenItsLastRunningJobIsRefusedAfterItsDeadline() throws {
        var bench = bench()
        bench.enqueue(member("one", of: 3), cancel("one"))
        bench.commitAll()
        bench.enqueue(
            export("two") { job in
                job.batch = JobBatch(id: "b", size: 3)
                job.deadline = .at(300 * 3_600)
            }
        )
        bench.wait(11 * 3_600)
        let batch = try #require(bench.batches.last)
        let place = try #require(batch.records.firstIndex { if case .state(_, .job) = $0 { true } else { false } })
        bench.handle(.outputsRefused(batch: batch.id, [OutputRefusal(index: place, form: .whole)]))
        bench.commitAll()
        bench.wait(1)
        bench.commitAll()
        #expect(bench.batchEvents.map { $0.members.map(\.jobID) } == [["one"]])
    }

    /// A job ends with the answer to its call, a little after its deadline. That is the batch's deadline too.
    @Test func answerToCallInFlightAtDeadlineIsAwaited() {
        var bench = bench()
        bench.enqueue(member("one", of: 1))
        bench.commitAll()
        bench.wait(10 * 3_600 + 60)
        bench.commitAll()
        #expect(bench.batchEvents.isEmpty)
        bench.answer(.created(requestID: "request"))
        bench.commitAll()
        #expect(bench.code("one") == .deadlineExceeded)
        #expect(bench.batchEvents.map(\.status) == [.partial])
    }

    // MARK: Work

    /// The jobs that the ends of batches visit count as work of a turn, and the next turns do the rest.
    @Test func workOfOneTurnIsBounded() {
        var bench = bench { $0.deduplicationWindow = .seconds(60) }
        let (batches, members) = (6, 990)
        for batch in 0..<batches {
            for number in 0..<members {
                let id = "\(batch)-\(number)"
                bench.enqueue(member(id, of: 1_000, batch: "batch-\(batch)"), cancel(id))
            }
        }
        bench.commitAll()
        // Each turn's decisions are one commit.
        func turns(_ bench: inout Bench, _ isCounted: (OutputRecord) -> Bool) -> [Int] {
            bench.actions = []
            bench.wait(10 * 3_600)
            bench.commitAll()
            return bench.batches.map { $0.records.count(where: isCounted) }
        }
        let ends = turns(&bench) { if case .batchEvent = $0 { true } else { false } }
        #expect(ends.reduce(0, +) == batches)
        #expect(ends.allSatisfy { $0 <= 3 }, "\(ends) of \(members) jobs each")
        let forgotten = turns(&bench) { if case .state(_, .forgotten) = $0 { true } else { false } }
        #expect(forgotten.reduce(0, +) == batches * members)
        #expect(forgotten.allSatisfy { $0 <= 3_000 }, "\(forgotten)")
    }

    @Test func restoredBatchesEndInTheSameOrderInEveryProcess() {
        let times = JobTimes(accepted: .at(0), finished: .at(1))
        let records = (0..<40).map { number in
            let batch = JobBatch(id: "batch-\(number)", size: 1)
            return StateRecord.job(
                JobRecord(
                    job: ExportJob(id: "job-\(number)", kind: .payments, batch: batch),
                    offset: Int64(number),
                    phase: .finished,
                    times: times,
                    status: .cancelled,
                    generation: 1
                )
            )
        }
        var bench = bench()
        bench.assign(0, epoch: 2, [bench.origin] + records, committed: 40)
        bench.commitAll()
        #expect(bench.batchEvents.map(\.batch.id) == (0..<40).map { "batch-\($0)" })
    }

    @Test func jobOfBatchTakesFewBytesMoreThanOneWithout() {
        func bytes(_ size: Int?) -> Int {
            var machine = PartitionMachine(partition: 0, epoch: 1, configuration: CoreConfiguration())
            for number in 0..<20_000 {
                let batch = size.map { JobBatch(id: "batch-of-a-usual-length-\(number / $0)", size: $0) }
                let job = ExportJob(
                    id: "job-\(number)",
                    kind: .payments,
                    filter: "earningForDate ge 2023-03-01 and earningForDate le 2023-04-12 \(number % 16)",
                    metadataJSON: String(repeating: "x", count: number % 16),
                    batch: batch
                )
                let times = JobTimes(accepted: .at(0))
                machine.apply(.job(JobRecord(job: job, offset: Int64(number), phase: .accepted, times: times)))
            }
            // A batch's id and the array of its members on the heap, its place in the dictionary, and its timer.
            let apart = 64 + 32 + 36 + 24
            let members = machine.batches.indices.reduce(0) {
                $0 + machine.batches[$1].members.capacity * 4 + MemoryLayout<JobBatchEntry>.stride + apart
            }
            return machine.table.arena.reservedBytes + members
        }
        let without = bytes(nil)
        // A batch has some bytes once, which its jobs share. They count where the jobs are few.
        for (size, limit) in [(12, 30.0), (100, 16), (1_000, 16)] {
            let more = Double(bytes(size) - without) / 20_000
            #expect(more <= limit, "\(more) bytes more in batches of \(size)")
        }
    }
}
