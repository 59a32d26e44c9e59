import ExportCore
import WorkerTelemetry

extension Remedies {
    func commands(for job: JobRecord) -> [String] {
        let id = ShellText.argument(job.job.id)
        var commands = ["payout-worker jobs show \(id)"]
        if job.phase != .finished {
            let batch = job.job.batch.map { " --batch=\(ShellText.quoted($0.id))" } ?? ""
            commands.append("payout-worker cancel\(batch) \(id)")
        }
        if let requestID = job.requestID {
            let account = job.job.account == "default" ? "" : " --account=\(ShellText.quoted(job.job.account))"
            let kind = job.job.kind.name
            commands.append("payout-worker export get --kind \(kind)\(account) \(ShellText.argument(requestID))")
        }
        return commands
    }

    func remedy(for pause: JobPause) -> String {
        let account = pause.target.account.map { " --account=\(ShellText.quoted($0))" } ?? ""
        let kind = pause.target.kind.map { " --kind \($0.name)" } ?? ""
        let command = "Run 'payout-worker resume\(account)\(kind)' to end the pause."
        return pause.until == nil ? command : command + " It ends automatically at the time that it names."
    }
}
