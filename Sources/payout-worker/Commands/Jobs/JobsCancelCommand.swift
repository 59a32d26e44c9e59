import ArgumentParser
import ExportCore
import ExportRecords
import WorkerRuntime
import WorkerTelemetry

/// `jobs cancel`: cancels one job or many.
struct JobsCancelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel open jobs: by id, or every one with the named properties.",
        discussion: """
            Reads the state topic to find the jobs. Without --yes, the command prints the jobs that it would cancel, sends nothing, \
            and exits with 1; --yes is not needed for jobs that you name by id. Jobs that no worker has read yet are found by id only.

              payout-worker jobs cancel march april
              payout-worker jobs cancel --batch fy26 --yes
              payout-worker jobs cancel --account emea --status waiting --since 2h --yes
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var choiceOptions: JobChoiceOptions

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let found = try await choiceOptions.choice(states: "open").read(access)
            let open = found.filter { $0.record.phase != .finished }
            var jobs = open.map { job in
                PreparedJob(
                    id: job.record.job.id,
                    record: JobEncoder().encodeCancel(id: job.record.job.id, batchID: job.record.job.batch?.id),
                    // Its key may belong to another partition since partitions were added.
                    partition: job.partition
                )
            }
            let known = Set(found.map(\.record.job.id))
            let others = choiceOptions.jobIDs.filter { !known.contains($0) }
            let unread = others.isEmpty ? JobLookup.Findings() : try await JobLookup(access: access).find(others)
            jobs += others.filter { unread.absent[$0] == nil }.map {
                PreparedJob(id: $0, record: JobEncoder().encodeCancel(id: $0, batchID: unread.batches[$0]))
            }
            var report = JobChangeReport(
                verb: "cancel",
                done: "Cancel commands were sent for",
                isJSON: outputOptions.isJSON
            )
            for job in found where job.record.phase == .finished {
                report.skip(job.record.job.id, "it has finished as \(job.record.status?.name ?? "unknown")")
            }
            for id in others {
                if let absence = unread.absent[id] { report.skip(id, "it \(absence.text())", isFailure: true) }
            }
            try await report.send(jobs, isConfirmed: choiceOptions.yes || !choiceOptions.jobIDs.isEmpty, access)
        }
    }
}
