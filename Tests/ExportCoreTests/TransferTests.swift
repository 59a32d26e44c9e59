import Testing

@testable import ExportCore

/// Transfers in flight when their jobs end.
@Suite struct TransferTests {
    private func bench(_ jobs: Int = 1, downloads: Int = 4) -> Bench {
        var bench = Bench {
            $0.storesFiles = true
            $0.jobTimeout = .seconds(100)
            $0.maxConcurrentDownloads = downloads
        }
        for number in 0..<jobs {
            bench.enqueue(export("job-\(number)"))
            bench.commitAll()
            bench.answer(.created(requestID: "request-\(number)"))
            bench.commitAll()
        }
        bench.wait(30)
        for call in bench.calls where call.token.kind == .poll { bench.handle(.answered(call.token, ready)) }
        bench.commitAll()
        return bench
    }

    private func cancelled(_ bench: Bench) -> [CallToken] {
        bench.actions.compactMap { if case .cancel(let token) = $0 { token } else { nil } }
    }

    @Test func deadlineCancelsTransferInFlight() throws {
        var bench = bench()
        let download = try #require(bench.calls.last { $0.token.kind == .download })
        bench.wait(60)
        #expect(cancelled(bench).isEmpty)
        bench.wait(20)
        #expect(cancelled(bench) == [download.token])
        #expect(bench.code("job-0") == .downloadFailed)
        bench.commitAll()
        #expect(bench.events.map(\.status) == [.failed])
        // No answer of the transfer changes anything.
        bench.handle(.answered(download.token, .stored(storedFile)))
        bench.commitAll()
        #expect(bench.events.count == 1)
        #expect(bench.status("job-0") == .failed)
    }

    @Test func cancelledJobCancelsItsTransfer() throws {
        var bench = bench()
        let download = try #require(bench.calls.last { $0.token.kind == .download })
        bench.enqueue(cancel("job-0"))
        #expect(cancelled(bench) == [download.token])
        #expect(bench.status("job-0") == .cancelled)
    }

    @Test func cancelledTransferFreesItsSlotWhenItAnswers() throws {
        var bench = bench(2, downloads: 1)
        let first = try #require(bench.calls.last { $0.token.kind == .download })
        #expect(bench.calls.count { $0.token.kind == .download } == 1)
        bench.enqueue(cancel(first.job.id))
        #expect(bench.calls.count { $0.token.kind == .download } == 1)
        bench.handle(.answered(first.token, .failed(.abandoned)))
        #expect(bench.calls.count { $0.token.kind == .download } == 2)
    }

    @Test func answeredTransferIsNotCancelled() throws {
        var bench = bench()
        bench.answer(.failed(.transient(message: "reset")))
        bench.enqueue(cancel("job-0"))
        #expect(cancelled(bench).isEmpty)
    }

    @Test func usableFileAfterUnusableOnesCompletesJob() {
        var bench = bench()
        for _ in 0..<3 {
            bench.answer(.failed(.unusableFile(message: "a page")))
            bench.wait(10)
        }
        bench.answer(.stored(storedFile))
        bench.commitAll()
        #expect(bench.status("job-0") == .completed)
    }

    private func steps(_ bench: Bench) -> [String] {
        bench.actions.compactMap { action in
            switch action {
            case .suspend: "suspend"
            case .resume: "resume"
            case .call(let call) where call.token.kind == .download: "start"
            default: nil
            }
        }
    }

    @Test func largeFileYieldsToAnotherAndContinues() throws {
        var bench = bench(2, downloads: 1)
        #expect(steps(bench) == ["start"])
        bench.wait(10)
        #expect(steps(bench) == ["start", "suspend", "start"])
        #expect(bench.worker.status().downloadsInFlight == 1)
        #expect(bench.worker.status().downloadsWaiting == 1)
        bench.answer(.stored(storedFile))
        #expect(steps(bench) == ["start", "suspend", "start", "resume"])
    }

    @Test func suspendedTransferOfEndedJobIsCancelled() throws {
        var bench = bench(2, downloads: 1)
        let large = try #require(bench.calls.last { $0.token.kind == .download })
        bench.wait(10)
        bench.enqueue(cancel(large.job.id))
        #expect(cancelled(bench) == [large.token])
        bench.handle(.answered(large.token, .failed(.abandoned)))
        #expect(bench.worker.status().downloadsWaiting == 0)
    }

    @Test func transferOfRevokedPartitionFreesItsSlotAndItsResultIsIgnored() throws {
        var bench = Bench(partitions: 2) {
            $0.storesFiles = true
            $0.maxConcurrentDownloads = 1
        }
        for (partition, job) in [(0, "first"), (1, "second")] as [(Int32, String)] {
            bench.enqueue(export(job), partition: partition)
            bench.commitAll()
            bench.answer(.created(requestID: "request-\(job)"))
            bench.commitAll()
        }
        bench.wait(30)
        for call in bench.calls where call.token.kind == .poll { bench.handle(.answered(call.token, ready)) }
        bench.commitAll()
        let first = try #require(bench.calls.last { $0.token.kind == .download })
        bench.handle(.revoked([first.token.partition]))
        #expect(bench.releases == [first.token.partition])
        bench.handle(.answered(first.token, .stored(storedFile)))
        bench.commitAll()
        #expect(bench.events.isEmpty)
        let second = try #require(bench.calls.last { $0.token.kind == .download })
        #expect(second.token.partition != first.token.partition)
    }

    @Test func unavailableStoreFailsNoJobAndShowsInStatus() {
        var bench = bench()
        bench.answer(.failed(.storeUnavailable(message: "full")))
        #expect(bench.worker.status().storeProblem == "full")
        #expect(bench.worker.status().downloadsWaiting == 1)
        bench.wait(5)
        #expect(steps(bench) == ["start", "start"])
        bench.answer(.stored(storedFile))
        bench.commitAll()
        #expect(bench.status("job-0") == .completed)
        #expect(bench.worker.status().storeProblem == nil)
    }

    @Test(arguments: [CallFailure.throttled(retryAfter: nil), .account(.refused(message: "expired"))])
    func refusedRequestForFreshURLIsRepeatedAsPoll(failure: CallFailure) {
        var bench = bench()
        bench.answer(.failed(failure))
        #expect(bench.calls.last?.token.kind == .poll)
        #expect(bench.worker.status().accounts.first?.problem == nil)
    }
}
