import ExportCore
import Foundation
import WorkerRuntime

extension Incident {
    /// The incident that a report is; `nil` for a report of normal operation.
    init?(_ report: Report, _ texts: any OperatorTexts, at time: Date) {
        guard let summary = report.summary(texts) else { return nil }
        self.init(
            summary.severity,
            summary.title,
            subject: summary.subject ?? report.partition.map { "partition \($0)" } ?? "",
            text: summary.text,
            remedy: summary.remedy,
            job: report.jobID,
            partition: report.partition,
            at: time
        )
    }
}

/// What an incident says about a report, apart from the job, the partition and the time.
private struct ReportSummary {
    var severity: Incident.Severity
    var title: String
    /// What it is about; `nil` for the report's partition.
    var subject: String?
    var text = ""
    var remedy: String?

    init(
        _ severity: Incident.Severity,
        _ title: String,
        of subject: String? = nil,
        _ text: String = "",
        remedy: String? = nil
    ) {
        self.severity = severity
        self.title = title
        self.subject = subject
        self.text = text
        self.remedy = remedy
    }
}

extension Report {
    fileprivate func summary(_ texts: any OperatorTexts) -> ReportSummary? {
        switch self {
        case .accepted, .duplicate, .lateAnswer: nil
        case .ended(_, let event): Self.summary(of: event, texts)
        case .batchEnded(_, let event): Self.summary(of: event)
        case .deadLettered, .outputDropped, .attemptFailed, .callFailed, .manifestFailed: jobSummary(texts)
        case .accountPaused, .partlyRefused, .accountResumed, .throttled: accountSummary(texts)
        case .storePaused(let message):
            ReportSummary(.critical, "Downloads paused", message, remedy: texts.remedy(for: .storeUnavailable))
        case .storeResumed: ReportSummary(.notice, "Downloads resumed")
        case .jobsPaused(_, let pause):
            ReportSummary(.notice, "Jobs paused by an operator", of: pause.target.phrase, pause.phrase)
        case .jobsResumed(_, let pause): ReportSummary(.notice, "Jobs resumed", of: pause.target.phrase)
        case .intakePaused, .intakeResumed, .refusalsContinue: intakeSummary(texts)
        case .active, .stopped, .released, .lost, .unread, .foreignOffset: partitionSummary(texts)
        }
    }

    private static func summary(of event: CompletionEvent, _ texts: any OperatorTexts) -> ReportSummary? {
        guard event.status != .completed else { return nil }
        return ReportSummary(
            event.status == .cancelled ? .notice : .warning,
            "Job \(event.status.name)",
            of: event.error?.code.name ?? "",
            event.error?.message ?? "",
            remedy: event.error.map { texts.remedy(for: $0.code) }
        )
    }

    private static func summary(of event: JobBatchEvent) -> ReportSummary? {
        guard event.status != .completed || event.lacksManifest else { return nil }
        var ends = "\(event.count(of: .completed)) of \(Formatting.count(event.batch.size, "job")) completed"
        if event.count(of: nil) > 0 { ends += ", \(event.count(of: nil)) have not ended" }
        if event.missingCount > 0 { ends += ", \(event.missingCount) never came or were rejected" }
        return ReportSummary(
            .warning,
            "Batch \(event.status.name)",
            of: "batch \(event.batch.id)",
            "\(ends)." + (event.manifestProblem.map { " Its manifest could not be stored: \($0)" } ?? "")
        )
    }

    private func jobSummary(_ texts: any OperatorTexts) -> ReportSummary? {
        switch self {
        case .deadLettered(_, _, let reason):
            ReportSummary(.warning, "Record is not a valid job", reason, remedy: texts.remedy(for: .deadLetter))
        case .outputDropped(_, let kind, let name):
            ReportSummary(
                .critical,
                "Record dropped",
                "The \(kind.rawValue) of \(name) was not written: its topic accepts it in no form.",
                remedy: texts.remedy(for: .outputDropped)
            )
        case .attemptFailed(_, _, let attempt):
            ReportSummary(
                .warning,
                "Export failed at the service",
                of: "attempt \(attempt)",
                "The service ended the export as Failed; another one is queued for the job."
            )
        case .callFailed(_, _, let kind, let message):
            ReportSummary(.notice, "Call failed", of: kind.label, message, remedy: texts.remedy(for: .retrying))
        case .manifestFailed(_, let batch, let message):
            ReportSummary(
                .notice,
                "Manifest not stored",
                of: "batch \(batch)",
                message,
                remedy: texts.remedy(for: .retrying)
            )
        default: nil
        }
    }

    private func accountSummary(_ texts: any OperatorTexts) -> ReportSummary? {
        switch self {
        case .accountPaused(let account, let problem):
            ReportSummary(
                .critical,
                "Account paused",
                of: account,
                problem.message,
                remedy: texts.remedy(for: problem)
            )
        case .partlyRefused(let account, let share):
            ReportSummary(
                .warning,
                "Some calls require multi-factor authentication",
                of: account,
                "The service refuses \(Int((share * 100).rounded())) % of the calls; the worker repeats them.",
                remedy: texts.remedy(for: .callsPartlyRefused)
            )
        case .accountResumed(let account): ReportSummary(.notice, "Account resumed", of: account)
        case .throttled(let account, let kind, let wait, let asked):
            ReportSummary(
                .notice,
                "Calls throttled by the service",
                of: "\(account), \(kind.label)",
                "The calls wait for \(Formatting.duration(wait))."
                    + (asked.map {
                        " The service asked for \(Formatting.duration($0)), which is longer than the worker waits."
                    }
                        ?? "")
            )
        default: nil
        }
    }

    private func intakeSummary(_ texts: any OperatorTexts) -> ReportSummary? {
        switch self {
        case .intakePaused(let reason): ReportSummary(.warning, "Intake paused", texts.explanation(of: reason))
        case .intakeResumed(let reason): ReportSummary(.notice, "Intake resumed", of: reason.rawValue)
        case .refusalsContinue(let paused):
            ReportSummary(
                .warning,
                "Nearly every job is still refused",
                "Intake was paused for \(Formatting.duration(paused)) and continues.",
                remedy: texts.remedy(for: .failures)
            )
        default: nil
        }
    }

    private func partitionSummary(_ texts: any OperatorTexts) -> ReportSummary? {
        switch self {
        case .active(_, _, let jobs): ReportSummary(.notice, "Partition active", Formatting.count(jobs, "open job"))
        case .stopped(let partition, _, let reason):
            ReportSummary(
                .critical,
                "Partition stopped",
                reason.explanation,
                remedy: texts.remedy(for: reason, partition: partition)
            )
        case .released(_, _, let jobs):
            ReportSummary(.notice, "Partition released", Formatting.count(jobs, "open job"))
        case .lost(_, _, let dropped):
            ReportSummary(
                .warning,
                "Partition lost",
                "\(Formatting.count(dropped, "uncommitted record")) dropped.",
                remedy: texts.remedy(for: .partitionLost)
            )
        case .unread(let records):
            ReportSummary(
                .critical,
                "Records of the jobs topic were deleted unread",
                "Offsets \(records.from) to \(records.to - 1) were deleted before a worker had read them.",
                remedy: texts.remedy(for: .recordsUnread)
            )
        case .foreignOffset(_, let committed, let position):
            ReportSummary(
                .warning,
                "Another consumer commits in the group",
                "It had committed offset \(committed); the worker continues from its own position, \(position).",
                remedy: texts.remedy(for: .foreignOffset)
            )
        default: nil
        }
    }
}
