package import ExportCore
package import WorkerRuntime

/// Sentences for operators: what to do. They name settings and commands, so the command implements them.
package protocol OperatorTexts: Sendable {
    /// What to do in a situation.
    func remedy(for situation: Situation) -> String
    /// What to do about a problem with Kafka.
    func remedy(for problem: LogProblem) -> String
    /// What to do about a paused account.
    func remedy(for problem: AccountProblem) -> String
    /// What to do about a job that ended with an error.
    func remedy(for code: JobErrorCode) -> String
    /// What to do about paused intake.
    func remedy(for pause: IntakePause) -> String
    /// How to end a pause.
    func remedy(for pause: JobPause) -> String
    /// What to do about a stopped partition.
    func remedy(for reason: StopReason, partition: Int32) -> String
    /// The commands with which an operator continues with a job.
    func commands(for job: JobRecord) -> [String]
    /// Why intake is paused, and when it resumes.
    func explanation(of pause: IntakePause) -> String
}
