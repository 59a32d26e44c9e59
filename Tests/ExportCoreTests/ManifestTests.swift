import Testing

@testable import ExportCore

/// The manifest of a batch is stored before its event is published.
@Suite struct ManifestTests {
    private func member(_ id: String, of size: Int = 1) -> JobInput.Content {
        export(id) { $0.batch = JobBatch(id: "b", size: size) }
    }

    /// A worker with a file store whose batch of one job has ended and whose manifest is being stored.
    private func storing() throws -> Bench {
        var bench = Bench { configuration in
            configuration.storesFiles = true
            configuration.jobTimeout = .seconds(10 * 3_600)
            configuration.deduplicationWindow = .seconds(3_600)
        }
        bench.enqueue(member("one"), cancel("one"))
        #expect(bench.calls.isEmpty, "the end of the batch is committed first")
        bench.commitAll()
        try #require(bench.calls.last?.token.kind == .manifest)
        return bench
    }

    private let manifest = ExportFile(
        location: "file:///_batch/b.json",
        stored: true,
        fileName: "b.json"
    )

    @Test func eventWaitsForManifest() throws {
        var bench = try storing()
        let content = try #require(bench.calls.last?.batch)
        #expect(content.members.map(\.jobID) == ["one"])
        #expect(bench.batchEvents.isEmpty)
        bench.wait(60)
        bench.enqueue(member("two"))
        #expect(bench.events.last?.error?.details.first?.field == "batch.id", "its members are fixed")
        bench.answer(.stored(manifest))
        bench.commitAll()
        var event = try #require(bench.batchEvents.first)
        #expect(event.manifestLocation == manifest.location)
        event.manifestLocation = nil
        #expect(event == content, "its time is that of the batch's end")
        bench.wait(3_500)
        #expect(bench.phase("one") != nil, "the window begins with the event")
        bench.wait(200)
        #expect(bench.phase("one") == nil)
    }

    @Test func transientFailureIsRepeatedWithBackOff() throws {
        var bench = try storing()
        bench.answer(.failed(.transient(message: "reset")))
        #expect(bench.calls.count == 1)
        #expect(
            bench.reports.contains {
                if case .manifestFailed(0, "b", "reset") = $0 { true } else { false }
            }
        )
        bench.wait(10)
        #expect(bench.calls.count == 2)
        bench.answer(.stored(manifest))
        bench.commitAll()
        #expect(bench.batchEvents.count == 1)
    }

    /// A download that is ready to start.
    private func download(_ bench: inout Bench) throws -> Call {
        bench.enqueue(export("other"))
        bench.commitAll()
        bench.answer(.created(requestID: "request"))
        bench.wait(10)
        let poll = try #require(bench.calls.last { $0.token.kind == .poll })
        bench.handle(.answered(poll.token, ready))
        bench.commitAll()
        return try #require(bench.calls.last)
    }

    /// The folder of manifests may be the only one that accepts no files.
    @Test(arguments: [CallFailure.storeUnavailable(message: "full"), .refused(message: "forbidden")])
    func manifestThatIsNotStoredHoldsBackNoDownload(failure: CallFailure) throws {
        var bench = try storing()
        bench.answer(.failed(failure))
        #expect(bench.reports.contains { if case .manifestFailed = $0 { true } else { false } })
        #expect(!bench.reports.contains { if case .storePaused = $0 { true } else { false } })
        #expect(try download(&bench).token.kind == .download)
        bench.wait(300)
        #expect(bench.calls.count { $0.token.kind == .manifest } == 2, "it is tried again")
    }

    /// A manifest that is the probe of a paused store shows that the store is still unavailable.
    @Test func manifestWaitsForUnavailableStoreAndProbesIt() throws {
        var bench = try storing()
        let waiting = try #require(bench.calls.last)
        let call = try download(&bench)
        bench.handle(.answered(waiting.token, .failed(.transient(message: "reset"))))
        bench.handle(.answered(call.token, .failed(.storeUnavailable(message: "full"))))
        #expect(bench.reports.contains { if case .storePaused = $0 { true } else { false } })
        bench.enqueue(cancel("other"))
        bench.commitAll()
        bench.wait(4)
        #expect(bench.calls.count { $0.token.kind == .manifest } == 1)
        bench.wait(4)
        #expect(bench.calls.count { $0.token.kind == .manifest } == 2)
        bench.answer(.stored(manifest))
        #expect(bench.reports.contains { if case .storeResumed = $0 { true } else { false } })
    }

    @Test func manifestThatIsRefusedAgainAndAgainDoesNotBlockEvent() throws {
        var bench = try storing()
        let refusal = CallResult.failed(.refused(message: "the folder is forbidden"))
        for number in 1..<CoreConfiguration().maxManifestRefusals {
            bench.answer(refusal)
            bench.commitAll()
            #expect(bench.batchEvents.isEmpty)
            bench.wait(300)
            #expect(bench.calls.count == number + 1)
        }
        bench.answer(refusal)
        bench.commitAll()
        let event = try #require(bench.batchEvents.first)
        #expect(event.manifestProblem == "the folder is forbidden")
        #expect(event.manifestLocation == nil)
    }

    /// The waits between refusals are those of refusals, however many other failures came before them.
    @Test func earlierFailuresDoNotDelayTheEventOfARefusedManifest() throws {
        var bench = try storing()
        for number in 1...12 {
            bench.answer(.failed(.transient(message: "reset")))
            bench.wait(600)
            try #require(bench.calls.count == number + 1)
        }
        var seconds = 0
        for _ in 1..<CoreConfiguration().maxManifestRefusals {
            bench.answer(.failed(.refused(message: "forbidden")))
            let count = bench.calls.count
            while bench.calls.count == count, seconds < 3_600 {
                bench.wait(1)
                seconds += 1
            }
        }
        bench.answer(.failed(.refused(message: "forbidden")))
        bench.commitAll()
        #expect(bench.batchEvents.count == 1)
        #expect(seconds < 150, "\(seconds) s")
    }

    /// The store accepts no files; with a manifest in flight, and a download.
    private func refusing() throws -> (bench: Bench, manifest: Call) {
        var bench = try storing()
        let waiting = try #require(bench.calls.last)
        let call = try download(&bench)
        bench.handle(.answered(call.token, .failed(.storeUnavailable(message: "full"))))
        return (bench, waiting)
    }

    /// A store that refuses everything for some minutes costs no batch its manifest.
    @Test func refusalsWhileDownloadsWaitForTheStoreAreNotCounted() throws {
        var (bench, waiting) = try refusing()
        let refusal = CallResult.failed(.refused(message: "forbidden"))
        bench.handle(.answered(waiting.token, refusal))
        var (refusals, download): (Int, Call?) = (1, nil)
        for _ in 0..<100 where refusals <= 2 * CoreConfiguration().maxManifestRefusals {
            bench.actions = []
            bench.wait(61)
            for call in bench.calls {
                if call.token.kind == .manifest { refusals += 1 } else { download = call }
                let answer = call.token.kind == .manifest ? refusal : .failed(.storeUnavailable(message: "full"))
                bench.handle(.answered(call.token, answer))
                bench.commitAll()
            }
        }
        #expect(refusals > 2 * CoreConfiguration().maxManifestRefusals && download != nil)
        #expect(bench.batchEvents.isEmpty)
        bench.actions = []
        bench.wait(300)
        while let call = bench.calls.last, call.token.kind == .download {
            bench.actions = []
            bench.handle(.answered(call.token, .stored(manifest)))
            bench.commitAll()
            bench.wait(300)
        }
        bench.answer(.stored(manifest))
        bench.commitAll()
        #expect(bench.batchEvents.map(\.manifestLocation) == [manifest.location])
    }

    /// Without a download, nothing shows whether the store accepts other files.
    @Test func refusalsAreCountedWhereNoDownloadWaits() throws {
        var (bench, waiting) = try refusing()
        bench.enqueue(cancel("other"))
        bench.commitAll()
        bench.handle(.answered(waiting.token, .failed(.refused(message: "forbidden"))))
        // The download that was cancelled leaves its queue with the next probe, so the first refusal does not count.
        for _ in 0..<CoreConfiguration().maxManifestRefusals {
            #expect(bench.batchEvents.isEmpty)
            bench.actions = []
            bench.wait(300)
            try #require(bench.calls.last?.token.kind == .manifest)
            bench.answer(.failed(.refused(message: "forbidden")))
            bench.commitAll()
        }
        #expect(bench.batchEvents.map(\.manifestProblem) == ["forbidden"])
    }

    @Test func eventIsPublishedWithoutManifestAtItsBound() throws {
        var bench = try storing()
        bench.wait(10 * 3_600 - 60)
        #expect(bench.batchEvents.isEmpty)
        bench.wait(120)
        bench.commitAll()
        #expect(bench.batchEvents.map(\.lacksManifest) == [true])
        let cancelled = bench.actions.compactMap { if case .cancel(let token) = $0 { token } else { nil } }
        #expect(cancelled == bench.calls.map(\.token), "its transfer ends and frees its slot")
        bench.answer(.stored(manifest))
        bench.commitAll()
        #expect(bench.batchEvents.count == 1, "the late answer changes nothing")
    }

    @Test func successorStoresManifestAgain() throws {
        let bench = try storing()
        var successor = Bench { $0.storesFiles = true }
        successor.assign(0, epoch: 2, [bench.origin] + bench.stored, committed: 2)
        #expect(successor.calls.last?.batch == bench.calls.last?.batch, "the same content")
        successor.answer(.stored(manifest))
        successor.commitAll()
        #expect(successor.batchEvents.count == 1)
    }

    @Test func successorWithoutStorePublishesEvent() throws {
        let bench = try storing()
        var successor = Bench()
        successor.assign(0, epoch: 2, [bench.origin] + bench.stored, committed: 2)
        successor.commitAll()
        #expect(successor.batchEvents.map(\.lacksManifest) == [false])
    }
}
