import PayoutSandbox
import Synchronization
import Testing
import TestSupport

@Suite struct LifecycleTests {
    @Test func sandboxListensOnLoopbackByDefault() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.host = "0.0.0.0"
        await #expect(throws: PayoutSandbox.StartError.notLoopback(host: "0.0.0.0")) {
            _ = try await PayoutSandbox(configuration: configuration).start()
        }
        configuration.allowsRemoteClients = true
        try await withSandbox(configuration) { _, client async throws in
            #expect(client.address.host == "127.0.0.1")
            #expect(try await client.create().status == 202)
        }
    }

    @Test func startWithoutAnAccountFails() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        configuration.accounts = []
        await #expect(throws: PayoutSandbox.StartError.noAccounts) {
            _ = try await PayoutSandbox(configuration: configuration).start()
        }
    }

    @Test func startOnAUsedPortAndASecondStartFail() async throws {
        try await withSandbox { sandbox, client async throws in
            await #expect(throws: PayoutSandbox.StartError.alreadyRunning) { _ = try await sandbox.start() }
            var configuration = PayoutSandbox.Configuration.instant
            configuration.port = client.address.port
            let second = PayoutSandbox(configuration: configuration)
            await #expect {
                _ = try await second.start()
            } throws: { error in
                guard case PayoutSandbox.StartError.notListening(_, let port, _) = error else { return false }
                return port == client.address.port
            }
            #expect(second.address == nil)
        }
    }

    @Test func journalSurvivesAStopAndAStart() async throws {
        let sandbox = PayoutSandbox()
        try #require(sandbox.address == nil)
        let address = try await sandbox.start()
        var client = SandboxClient(address: address)
        client.token = try #require(
            try await client.post(passwordForm(), to: tokenPathV1).json["access_token"] as? String
        )
        let id = try await client.create().requestID
        await sandbox.stop()
        #expect(sandbox.address == nil)
        #expect(sandbox.exportCount == 1)
        // A raw connection, because the HTTP client would retry until its time-out.
        await #expect(throws: (any Error).self) { try await rawExchange(address, "GET / HTTP/1.1\r\n\r\n") }
        var again = SandboxClient(address: try await sandbox.start())
        again.token = client.token
        #expect(try await again.get(id).status == 200)
        await sandbox.stop()
    }

    @Test func stopDoesNotWaitForASlowAnswer() async throws {
        var configuration = PayoutSandbox.Configuration.instant
        let clock = PayoutSandbox.ManualClock()
        configuration.clock = clock
        configuration.faults = [.init(.slow(.seconds(3600)), on: [.create])]
        let sandbox = PayoutSandbox(configuration: configuration)
        var client = SandboxClient(address: try await sandbox.start())
        let answer = try await client.post(passwordForm(), to: tokenPathV1)
        client.token = try #require(answer.json["access_token"] as? String)
        let waiting = client
        let request = Task { try await waiting.create().status }
        try await eventually { clock.sleeperCount == 1 }
        await sandbox.stop()
        let result = await request.result
        if case .success(let status) = result { #expect(status == 500) }
        #expect(clock.sleeperCount == 0)
    }

    @Test func runEndsWhenItsTaskIsCancelled() async throws {
        let sandbox = PayoutSandbox()
        let (addresses, continuation) = AsyncStream.makeStream(of: PayoutSandbox.Address.self)
        let task = Task {
            try await sandbox.run { continuation.yield($0) }
        }
        var iterator = addresses.makeAsyncIterator()
        let address = try #require(await iterator.next())
        #expect(try await SandboxClient(address: address).post(passwordForm(), to: tokenPathV1).status == 200)
        task.cancel()
        try await task.value
        #expect(sandbox.address == nil)
    }

    @Test func stopWhileClientsConnectClosesEveryConnection() async throws {
        for _ in 0..<25 {
            let sandbox = PayoutSandbox()
            let address = try await sandbox.start()
            let (served, continuation) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup { group in
                for _ in 0..<32 {
                    group.addTask {
                        // Until the sandbox refuses connections.
                        while let answer = try? await rawExchange(
                            address,
                            "GET /_sandbox/journal HTTP/1.1\r\nConnection: close\r\n\r\n"
                        ) {
                            if answer.hasPrefix("HTTP/1.1 ") { continuation.yield() }
                        }
                    }
                }
                for await _ in served { break }
                await sandbox.stop()
                try await group.waitForAll()
            }
            #expect(sandbox.address == nil)
        }
    }
}
