import Testing

@testable import ExportCore

/// The deadline of a batch, which is not that of its jobs.
extension JobBatchTests {
    /// A batch of two jobs, of which one has ended and the other has a deadline long after the batch's.
    private func openBatch() -> Bench {
        var bench = bench()
        bench.enqueue(
            export("one") { job in
                job.batch = JobBatch(id: "b", size: 2)
                job.deadline = .at(300 * 3_600)
            },
            member("two"),
            cancel("two")
        )
        bench.commitAll()
        bench.answer(.created(requestID: "request"))
        bench.commitAll()
        return bench
    }

    @Test func farDeadlineOfOneJobDoesNotKeepBatchOpen() throws {
        var bench = openBatch()
        bench.wait(10 * 3_600 - 60)
        bench.commitAll()
        #expect(bench.batchEvents.isEmpty)
        bench.wait(120)
        bench.commitAll()
        let event = try #require(bench.batchEvents.first)
        #expect(event.status == .incomplete)
        #expect(event.members.map(\.status) == [nil, .cancelled])
        #expect(event.count(of: nil) == 1 && event.missingCount == 0)
        #expect(bench.phase("one") == .waiting, "the job continues")
    }

    @Test func jobThatEndsAfterItsBatchIsRememberedForItsOwnWindow() {
        var bench = openBatch()
        bench.wait(10 * 3_600 + 60)
        bench.commitAll()
        // The window of the batch's event is over.
        bench.wait(4_000)
        #expect(bench.phase("two") == .finished, "all jobs of a batch are forgotten together")
        bench.enqueue(cancel("one"))
        bench.commitAll()
        #expect(bench.events.last?.jobID == "one")
        bench.wait(3_500)
        #expect(bench.phase("one") == .finished)
        bench.wait(200)
        bench.commitAll()
        #expect(bench.phase("one") == nil && bench.phase("two") == nil)
        #expect(bench.stored.last == .batchForgotten(id: "b"))
        #expect(bench.batchEvents.count == 1)
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

    /// The records alone say which ends the event counts, also when clocks differ.
    @Test func everyWorkerBuildsTheSameEvent() throws {
        func stores(_ configuration: inout CoreConfiguration) { configuration.storesFiles = true }
        var bench = bench(stores)
        bench.enqueue(
            export("one") { job in
                job.batch = JobBatch(id: "b", size: 2)
                job.deadline = .at(300 * 3_600)
            },
            member("two"),
            cancel("two")
        )
        bench.commitAll()
        bench.wait(10 * 3_600 + 60)
        bench.commitAll()
        let event = try #require(bench.calls.last { $0.token.kind == .manifest }?.batch)
        #expect(event.members.map(\.status) == [nil, .cancelled])
        bench.setClock(by: -3_600)
        bench.enqueue(cancel("one"))
        bench.commitAll()
        #expect(bench.status("one") == .cancelled)
        var successor = self.bench(stores)
        successor.assign(0, epoch: 2, [bench.origin] + bench.stored, committed: 4)
        #expect(successor.calls.last { $0.token.kind == .manifest }?.batch == event)
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
            let members = machine.batches.indices.reduce(0) { $0 + machine.batches[$1].members.capacity * 4 + 200 }
            return machine.table.arena.reservedBytes + members
        }
        let without = bytes(nil)
        for size in [12, 100, 1_000] {
            let more = Double(bytes(size) - without) / 20_000
            // The parts that a batch has once are shared by its jobs: a dozen share some 200 bytes.
            #expect(more <= 16 + (size < 100 ? 16 : 0), "\(more) bytes more in batches of \(size)")
        }
    }
}
