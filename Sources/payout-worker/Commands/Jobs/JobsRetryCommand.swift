import ArgumentParser
import ExportCore
import ExportRecords
import WorkerRuntime
import WorkerTelemetry

/// `jobs retry`: enqueues jobs again that have failed or were cancelled.
struct JobsRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Enqueue jobs again that failed or were cancelled.",
        discussion: """
            The new job has the document of the first one without its batch, an id that ends with .retry-1 (-2, and so on), and \
            names the first one as retryOf. A job that is repeated already is skipped, so the same command twice does not run it \
            twice. If the export of the first job exists at the service and only its file was not delivered in time, the new job \
            adopts it: no export is queued. A job without a filter that adopted an export keeps its request id.

            The exit status is 1 if a job that you name is skipped.

            Without --yes, the command prints the jobs that it would enqueue, sends nothing, and exits with 1; --yes is not needed for \
            jobs that you name by id. Rejected records are not jobs: correct the sender, and use 'payout-worker dead-letters replay'.

              payout-worker jobs retry march
              payout-worker jobs retry --status failed --since 1d --yes
              payout-worker jobs retry --metadata requestedBy=billing --yes
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var choiceOptions: JobChoiceOptions

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let found = try await choiceOptions.choice(states: "failed,cancelled").read(access)
            var report = JobChangeReport(verb: "retry", done: "Enqueued", isJSON: outputOptions.isJSON)
            let now = SystemClock().now()
            var plans: [RetryPlan] = []
            var refusals: [(id: String, why: RetryRefusal)] = []
            for job in found {
                do throws(RetryRefusal) {
                    plans.append(try RetryPlan(job.record, at: now))
                } catch {
                    refusals.append((job.record.job.id, error))
                }
            }
            let repetitions = try await RetryPlan.repetitions(plans.map(\.job.id), access)
            var jobs: [PreparedJob] = []
            for plan in plans {
                if let repetition = repetitions[plan.job.id] {
                    refusals.append((plan.job.retryOf ?? "", RetryRefusal(repetition)))
                } else {
                    jobs.append(PreparedJob(id: plan.job.id, record: JobEncoder().encode(plan.job)))
                }
            }
            for refusal in refusals {
                report.skip(refusal.id, "\(refusal.why)", isFailure: !choiceOptions.jobIDs.isEmpty)
            }
            let known = Set(found.map(\.record.job.id))
            for id in choiceOptions.jobIDs where !known.contains(id) {
                report.skip(id, "it is unknown, or no worker has read it yet", isFailure: true)
            }
            try await report.send(jobs, isConfirmed: choiceOptions.yes || !choiceOptions.jobIDs.isEmpty, access)
        }
    }
}
