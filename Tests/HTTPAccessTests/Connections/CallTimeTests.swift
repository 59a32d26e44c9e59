import HTTPStandIns
import NIOCore
import NIOHTTP1
import Synchronization
import Testing
import TestSupport

@testable import HTTPAccess

/// Deadlines, cancellation, the order of calls and the end of a transport.
@Suite struct CallTimeTests {
    private static let silence: ScriptedServer.Script = { _ in [] }

    /// A task that runs on the thread of the server's connections, as the worker's calls do.
    private func task(_ scenario: CallScenario, _ path: String) -> Task<String, any Error> {
        let executor = scenario.transport.taskExecutor(for: scenario.request().url)
        return Task(executorPreference: executor) { try await scenario.get(path) }
    }

    /// Jobs that arrive while others run are run too, on the loop's thread.
    @Test func executorRunsEveryTaskOnItsThread() async throws {
        try await CallScenario.with(script: Self.silence) { scenario in
            let executors = scenario.transport.executors
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<1_000 {
                    let executor = executors[number % executors.count]
                    group.addTask(executorPreference: executor) {
                        await Task.yield()
                        return executor.eventLoop.inEventLoop
                    }
                }
                for try await isOnLoop in group { #expect(isOnLoop) }
            }
        }
    }

    @Test(arguments: [
        "", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx", "HTTP/1.1 200 O", "HTTP/1.1 100 OK\r\n\r\n",
    ])
    func deadlineClosesTheConnection(beginning: String) async throws {
        try await CallScenario.with(script: { [$0.index == 0 ? .answer($0.path) : .send(beginning)] }) { scenario in
            // A deadline that passes before the connection is open leaves an unused connection.
            try await scenario.expectEchoes("/open")
            // A slow machine may not send the request before its deadline either; then it is sent again.
            repeat {
                try await scenario.expectFault(scenario.request(timeout: .milliseconds(50)), .deadlineExceeded)
            } while scenario.server.record.requests.count < 2
            try await scenario.closed(0)
        }
    }

    @Test func shorterDeadlineEndsFirst() async throws {
        try await CallScenario.with(script: Self.silence) { scenario in
            let long = task(scenario, "/long")
            try await eventually { scenario.server.paths == ["/long"] }
            try await scenario.expectFailure(scenario.request(timeout: .milliseconds(50)), .timeout)
            scenario.server.perform([.answer("late")], on: 0)
            #expect(try await long.value == "late")
        }
    }

    @Test func cancellationClosesTheConnection() async throws {
        try await CallScenario.with(script: Self.silence) { scenario in
            let call = Task { try await scenario.get() }
            try await eventually { scenario.server.record.requests.count == 1 }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
            try await scenario.closed(0)
        }
    }

    @Test func cancelledCallLeavesTheQueue() async throws {
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 1 }, script: Self.silence) { scenario in
            let calls = ["/a", "/b", "/c"].map { task(scenario, $0) }
            try await eventually { scenario.server.paths == ["/a"] }
            calls[1].cancel()
            await #expect(throws: CancellationError.self) { try await calls[1].value }
            scenario.server.perform([.answer("a")], on: 0)
            #expect(try await calls[0].value == "a")
            try await eventually { scenario.server.paths == ["/a", "/c"] }
            scenario.server.perform([.answer("c")], on: 0)
            #expect(try await calls[2].value == "c")
        }
    }

    @Test func callThatIsCancelledBeforeItIsSentIsNotSent() async throws {
        try await CallScenario.with(script: Self.silence) { scenario in
            let call = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await scenario.get()
            }
            await #expect(throws: CancellationError.self) { try await call.value }
            #expect(scenario.server.record.connections == 0)
        }
    }

    @Test func callsAreSentInTheirOrder() async throws {
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 1 }) {
            [.answer($0.path)]
        } _: { scenario in
            let paths = (0..<50).map { "/\($0)" }
            let calls = paths.map { task(scenario, $0) }
            for call in calls { _ = try await call.value }
            #expect(scenario.server.paths == paths)
        }
    }

    @Test func connectionsAreLimited() async throws {
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 3 }) {
            [.answer($0.path)]
        } _: { scenario in
            let calls = (0..<100).map { task(scenario, "/\($0)") }
            for call in calls { _ = try await call.value }
            #expect(scenario.server.record.mostOpen <= 3)
            #expect(scenario.server.record.connections == 3)
        }
    }

    @Test func waitForAConnectionIsLimited() async throws {
        // A slow machine may not connect within the limit; then the test repeats with a longer one.
        var limit: Duration = .milliseconds(200)
        while try await !waitEnds(after: limit) { limit *= 4 }
    }

    /// - Returns: Whether the first call was connected within the limit.
    private func waitEnds(after limit: Duration) async throws -> Bool {
        var isConnected = true
        try await CallScenario.with(
            {
                $0.maximumConnectionsPerHost = 1
                $0.connectTimeout = limit
            },
            script: Self.silence
        ) { scenario in
            let first = task(scenario, "/a")
            let hasEnded = Mutex(false)
            let watch = Task {
                _ = await first.result
                hasEnded.withLock { $0 = true }
            }
            try await eventually { scenario.server.paths == ["/a"] || hasEnded.withLock { $0 } }
            isConnected = scenario.server.paths == ["/a"]
            if isConnected {
                try await scenario.expectFault(scenario.request("/b"), .noFreeConnection)
                scenario.server.perform([.answer("a")], on: 0)
                #expect(try await first.value == "a")
            }
            await watch.value
        }
        return isConnected
    }

    @Test func shutdownEndsCallsAndClosesConnections() async throws {
        let script: ScriptedServer.Script = { $0.path == "/idle" ? [.answer()] : [] }
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 2 }, script: script) { scenario in
            let first = task(scenario, "/a")
            try await eventually { scenario.server.paths == ["/a"] }
            _ = try await scenario.get("/idle")
            try await scenario.transport.shutdown()
            let fault = try await failure(of: TransportFault.self) { try await first.value }
            #expect(fault == .shutDown)
            try await scenario.closed(0)
            try await scenario.closed(1)
            try await scenario.expectFault(scenario.request(), .shutDown)
        }
    }

    @Test func shutdownEndsWaitingAndOpeningCalls() async throws {
        // A TLS handshake that no server answers.
        try await CallScenario.with(scheme: "https", { $0.maximumConnectionsPerHost = 1 }, script: Self.silence) {
            scenario in
            let calls = ["/a", "/b"].map { task(scenario, $0) }
            try await eventually { scenario.server.record.connections == 1 }
            try await scenario.transport.shutdown()
            for call in calls {
                let fault = try await failure(of: TransportFault.self) { try await call.value }
                #expect(fault == .shutDown)
            }
        }
    }

    @Test func transportThatIsReleasedClosesItsConnections() async throws {
        let server = try await ScriptedServer { _ in [.answer()] }
        var transport: HTTPTransport? = HTTPTransport()
        var request = OutgoingRequest(method: .GET, url: server.url, timeout: .seconds(300))
        request.isCall = true
        _ = try await transport?.send(request)
        transport = nil
        try await eventually { server.record.closed == [0] }
        await server.stop()
    }

    /// Many calls while the server fails in every way and callers give up: each other call is answered.
    @Test(arguments: 1...3)
    func failuresOfSomeCallsDoNotAffectOthers(seed: Int) async throws {
        let ends: [[ScriptedServer.Step]] = [
            [], [.close], [.reset], [.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"), .reset], [.send("?")],
        ]
        let script: ScriptedServer.Script = { request in
            let number = (Int(request.path.dropFirst()) ?? 0) + seed
            return number % 4 == 0 ? ends[number / 4 % ends.count] : [.answer(request.path)]
        }
        try await CallScenario.with({ $0.maximumConnectionsPerHost = 8 }, script: script) { scenario in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<400 {
                    let (fails, isSilent) = ((number + seed) % 4 == 0, (number + seed) % 20 == 0)
                    let timeout = isSilent ? Duration.milliseconds(20) : .seconds(300)
                    let call = Task { try await scenario.send(scenario.request("/\(number)", timeout: timeout)) }
                    if number % 17 == 0 { call.cancel() }
                    group.addTask {
                        switch await call.result {
                        case .success(let answer): #expect(String(buffer: answer.body) == "/\(number)" && !fails)
                        case .failure(is CancellationError): #expect(number % 17 == 0)
                        case .failure(let error): #expect(error is TransportFault && fails, "\(number): \(error)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
