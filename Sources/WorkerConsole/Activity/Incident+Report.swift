import ExportCore
import Foundation

extension Incident {
    /// The incident that a report is; `nil` for what is the daily work.
    init?(_ report: Report, at moment: Date) {
        switch report {
        case .accepted, .duplicate, .lateAnswer: return nil
        case .ended, .deadLettered, .attemptFailed, .callFailed: self.init(ofJob: report, at: moment)
        case .accountPaused, .accountResumed, .throttled, .intakePaused, .intakeResumed:
            self.init(ofFlow: report, at: moment)
        case .active, .stopped, .released, .lost: self.init(ofPartition: report, at: moment)
        }
    }

    private init?(ofJob report: Report, at moment: Date) {
        switch report {
        case .ended(let partition, let event):
            guard event.status != .completed else { return nil }
            let title = event.status == .cancelled ? "Job cancelled" : "Job \(event.status.label)"
            self.init(
                event.status == .cancelled ? .notice : .warning,
                title,
                subject: event.error?.code.label ?? "",
                text: event.error?.message ?? "",
                remedy: event.error.flatMap { Remedies.remedy(for: $0.code) },
                job: event.jobID,
                partition: partition,
                at: moment
            )
        case .deadLettered(let partition, _, let reason):
            self.init(
                .warning,
                "Record is no job",
                subject: "partition \(partition)",
                text: reason,
                remedy: Remedies.deadLetter,
                partition: partition,
                at: moment
            )
        case .attemptFailed(let partition, let job, let attempt):
            self.init(
                .warning,
                "Export ended as Failed",
                subject: "attempt \(attempt)",
                text: "The service gave up; another export is queued for the job.",
                job: job,
                partition: partition,
                at: moment
            )
        case .callFailed(let partition, let job, let kind, let message):
            self.init(
                .notice,
                "Call failed",
                subject: kind.label,
                text: message,
                remedy: "It is repeated by itself.",
                job: job,
                partition: partition,
                at: moment
            )
        default: return nil
        }
    }

    private init?(ofFlow report: Report, at moment: Date) {
        switch report {
        case .accountPaused(let account, let problem):
            self.init(
                .critical,
                "Account paused",
                subject: account,
                text: problem.message,
                remedy: Remedies.remedy(for: problem),
                at: moment
            )
        case .accountResumed(let account):
            self.init(.notice, "Account works again", subject: account, at: moment)
        case .throttled(let account, let kind, let wait):
            self.init(
                .notice,
                "Service asks for fewer calls",
                subject: "\(account), \(kind.label)",
                text: "The calls wait for \(Words.duration(wait)).",
                at: moment
            )
        case .intakePaused(let reason):
            self.init(.warning, "Intake paused", text: Words.explanation(of: reason), at: moment)
        case .intakeResumed(let reason):
            self.init(.notice, "Intake resumed", subject: reason.label, at: moment)
        default: return nil
        }
    }

    private init?(ofPartition report: Report, at moment: Date) {
        switch report {
        case .active(let partition, _, let jobs):
            self.init(
                .notice,
                "Partition active",
                subject: "partition \(partition)",
                text: Words.count(jobs, "open job"),
                partition: partition,
                at: moment
            )
        case .stopped(let partition, _, let reason):
            self.init(
                .critical,
                "Partition stopped",
                subject: "partition \(partition)",
                text: reason,
                remedy: Remedies.partitionStopped,
                partition: partition,
                at: moment
            )
        case .released(let partition, _, let jobs):
            self.init(
                .notice,
                "Partition handed over",
                subject: "partition \(partition)",
                text: Words.count(jobs, "open job"),
                partition: partition,
                at: moment
            )
        case .lost(let partition, _, let dropped):
            self.init(
                .warning,
                "Partition lost",
                subject: "partition \(partition)",
                text: "\(Words.count(dropped, "record")) dropped that were decided and not committed.",
                remedy: Remedies.partitionLost,
                partition: partition,
                at: moment
            )
        default: return nil
        }
    }
}
