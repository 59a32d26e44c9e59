import ExportCore
import ExportRecords
import KafkaClient
import WorkerConsole
import WorkerKafka
import WorkerRuntime

/// The console's actions: records of the jobs topic, by a producer of its own for each. A producer for every action is
/// slow and rare; the worker's transactional one belongs to the engine.
struct TopicActions: ConsoleActions {
    let access: KafkaAccess

    func cancel(_ jobID: String, partition: Int32) async throws(ConsoleActionFailure) {
        try await performing { () async throws in
            let record = JobEncoder().encodeCancel(id: jobID)
            try await send(PreparedJob(id: jobID, record: record, partition: partition))
        }
    }

    func retry(_ jobID: String, partition: Int32) async throws(ConsoleActionFailure) -> String {
        try await performing { () async throws in
            let choice = JobChoice(ids: [jobID])
            guard let found = try await choice.read(access, only: [partition]).first else {
                throw ConsoleActionFailure(isFinal: true, message: "The job '\(jobID)' is unknown.")
            }
            let plan: RetryPlan
            do throws(RetryRefusal) {
                plan = try RetryPlan(found.record, at: SystemClock().now())
            } catch {
                throw Self.refused(jobID, error)
            }
            if let repetition = try await RetryPlan.repetitions([plan.job.id], access)[plan.job.id] {
                throw Self.refused(jobID, RetryRefusal(repetition))
            }
            try await send(PreparedJob(id: plan.job.id, record: JobEncoder().encode(plan.job)))
            return plan.job.id
        }
    }

    func pause(_ pause: JobPause) async throws(ConsoleActionFailure) -> Int {
        try await performing { () async throws in
            try await ControlSender(access: access).send(JobEncoder().encode(pause))
        }
    }

    func resume(_ target: PauseTarget) async throws(ConsoleActionFailure) -> Int {
        try await performing { () async throws in
            try await ControlSender(access: access).send(JobEncoder().encodeResume(target))
        }
    }

    private func send(_ job: PreparedJob) async throws { try await JobSender(access: access).send([job]) }

    private static func refused(_ jobID: String, _ why: RetryRefusal) -> ConsoleActionFailure {
        ConsoleActionFailure(isFinal: true, message: "The job '\(jobID)' is not repeated: \(why).")
    }

    private func performing<Result>(
        _ body: () async throws -> Result
    ) async throws(ConsoleActionFailure) -> Result {
        do {
            return try await body()
        } catch let failure as ConsoleActionFailure {
            throw failure
        } catch {
            throw ConsoleActionFailure(error, jobs: access.topics.jobs)
        }
    }
}

extension ConsoleActionFailure {
    /// Why an action's record was not stored. A missing right does not come with a repetition.
    ///
    /// - Parameter topic: the jobs topic.
    init(_ error: any Error, jobs topic: String) {
        let code = (error as? KafkaError)?.code ?? (error as? CommandFailure)?.code
        guard code == .topicAuthorizationFailed else {
            self.init(isFinal: false, message: "\(error)")
            return
        }
        self.init(
            isFinal: true,
            message:
                "The worker's principal needs Write on the topic \(topic) for actions of the console; 'deploy/kafka/acls' with CONSOLE_ACTIONS=1 grants it. The payout-worker command acts with the rights of its own principal."
        )
    }
}
