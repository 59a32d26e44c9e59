package import ExportCore

extension PauseTarget {
    /// The jobs, for people: "all jobs", "jobs of account 'a'", "payments jobs of account 'a'".
    package var phrase: String {
        let jobs = kind.map { "\($0.name) jobs" } ?? (account == nil ? "all jobs" : "jobs")
        return jobs + (account.map { " of account '\($0)'" } ?? "")
    }
}

extension JobPause {
    /// What is paused, until when and why, without a full stop.
    package var phrase: String {
        (holdsCalls ? "submissions, polls and downloads" : "submissions") + " of \(target.phrase)"
            + (until.map { " until \(Formatting.time($0))" } ?? "") + (reason.map { " (\($0))" } ?? "")
    }
}
