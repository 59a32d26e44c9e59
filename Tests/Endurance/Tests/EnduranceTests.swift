import EnduranceHarness
import PayoutAPI
import PayoutSandbox
import Testing

/// The small form of `make endure`.
@Suite struct EnduranceTests {
    @Test func everyExportIsCreatedOnceAndNoneIsGivenUpDespiteFaults() async throws {
        var run = EnduranceRun()
        run.calls = 3_000
        run.seed = 42
        run.downloadsEvery = 4
        let report = try await run.run()
        #expect(report.problems == [])
        #expect(report.calls >= 3_000)
        #expect(report.completed + report.vanished == report.scenarios)
        #expect(report.completed > report.scenarios / 2)
        // The sandbox injected no fewer faults than configured.
        #expect(Double(report.faults) > Double(report.calls) * 0.15)
    }

    @Test func faultsAffectTheConfiguredShareOfCalls() {
        for call in PayoutSandbox.Fault.Call.allCases {
            let faults = EnduranceFaults.faults(share: 0.2).filter { $0.calls.contains(call) }
            let spared = faults.reduce(1) { $0 * (1 - $1.probability) }
            #expect(abs(spared - 0.8) < 1e-9)
        }
    }

    @Test func scenarioOfAClientWithoutRetriesIsReportedAsGivenUp() async throws {
        var run = EnduranceRun()
        run.calls = 500
        run.rounds = 1
        run.retryPolicy = .none
        let report = try await run.run()
        #expect(report.problems.contains { $0.contains("given up") })
    }
}
