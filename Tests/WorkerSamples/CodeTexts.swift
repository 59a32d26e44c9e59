package import ExportCore
package import WorkerRuntime
package import WorkerTelemetry

/// Texts that are their codes, so that a test sees which one was requested.
package struct CodeTexts: OperatorTexts {
    package init() {}

    package func remedy(for situation: Situation) -> String { "situation \(situation.rawValue)" }
    package func remedy(for problem: LogProblem) -> String { "log \(problem.cause.rawValue)" }
    package func remedy(for problem: AccountProblem) -> String { "account \(Self.name(problem))" }
    package func remedy(for code: JobErrorCode) -> String { "job \(code.name)" }
    package func remedy(for pause: IntakePause) -> String { "intake \(pause.rawValue)" }

    package func remedy(for pause: JobPause) -> String { "pause \(pause.target.account ?? "all")" }

    package func commands(for job: JobRecord) -> [String] { ["show \(job.job.id)"] }

    package func remedy(for reason: StopReason, partition: Int32) -> String {
        "partition \(partition) \(Self.name(reason))"
    }

    package func explanation(of pause: IntakePause) -> String { "because of \(pause.rawValue)" }

    /// The name of a case without its values, which may hold secrets.
    private static func name(_ value: some Sendable) -> String { String("\(value)".prefix { $0 != "(" }) }
}
