import EnduranceHarness
import PayoutAPI
import PayoutSandbox
import Testing

/// The small form of `make endure`.
@Suite struct EnduranceTests {
    @Test func everyExportIsCreatedOnceAndNoneIsGivenUp() async throws {
        var run = EnduranceRun()
        run.calls = 3_000
        run.seed = 42
        run.downloadsEvery = 4
        let report = try await run.run()
        #expect(report.problems == [])
        #expect(report.calls >= 3_000)
        #expect(report.completed + report.vanished == report.journeys)
        #expect(report.completed > report.journeys / 2)
        // The sandbox has not been kinder than it was told to be.
        #expect(Double(report.faults) > Double(report.calls) * 0.15)
    }

    @Test func theShareOfFaultsIsWhatWasAskedFor() {
        for call in PayoutSandbox.Fault.Call.allCases {
            let faults = Adversity.faults(share: 0.2).filter { $0.calls.contains(call) }
            let spared = faults.reduce(1) { $0 * (1 - $1.probability) }
            #expect(abs(spared - 0.8) < 1e-9)
        }
    }

    @Test func aClientThatGivesUpIsCaught() async throws {
        var run = EnduranceRun()
        run.calls = 500
        run.rounds = 1
        run.retryPolicy = .none
        let report = try await run.run()
        #expect(report.problems.contains { $0.contains("given up") })
    }
}
