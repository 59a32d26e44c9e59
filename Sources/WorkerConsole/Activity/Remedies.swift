import ExportCore
import WorkerRuntime

/// What an operator can do about it.
enum Remedies {
    static let kafkaUnreachable =
        "Look at the brokers, at KAFKA_BOOTSTRAP_SERVERS and at the network between; the worker tries on by itself."
    static let deadLetter = "Read it with 'payout-worker dead-letters list', correct its sender, then replay it."
    static let partitionStopped =
        "Do what the reason says; then restart the worker, or let another one take the partition."
    static let partitionLost =
        "Nothing, when it is rare. When it comes often, look for pauses of the process or the network."
    static let restoring =
        "Wait while it goes on. When it does not end, look at the brokers and at the size of the state topic."

    static let serviceUnreachable =
        "Look at PAYOUT_API_BASE_URL, at the network and proxies between, and at the service's own status; calls are "
        + "repeated by themselves and no job fails for it before its deadline."
    static let throttled =
        "Nothing, when it passes: calls slow down by themselves. When it lasts, lower PAYOUT_API_REQUESTS_PER_SECOND, or "
        + "find out who else calls the service with this account."
    static let storeUnavailable =
        "Mend what the message names; jobs whose files are ready wait and are tried again by themselves."
    static let downloadsFailing =
        "Look at the file store (FILES_LOCATION), at PAYOUT_API_BLOB_HOSTS and at the network; downloads are repeated by "
        + "themselves until the job's deadline."
    static let jobsLate =
        "Look at what it waits for, on its page. If it is the service, ask its support with the job's request id, or "
        + "cancel it and enqueue it again; if it is the budget or an account, mend that."

    static func remedy(for problem: AccountProblem) -> String {
        switch problem {
        case .refused: "Correct the account's credentials. They are tried again now and then, its jobs wait."
        case .locked:
            "Unlock the account or replace its credentials. They are tried again when a secret's file changes, and at "
                + "SIGHUP (kill -HUP); until then its jobs wait."
        }
    }

    static func remedy(for code: JobErrorCode) -> String {
        switch code {
        case .invalidJob: "Correct the fields that its event names, and enqueue it under a new jobId."
        case .apiRejected: "Correct the job, its filter above all, or the account's rights at the service."
        case .exportFailed: "Enqueue it again later under a new jobId; with a narrower filter if it fails again."
        case .exportNotFound: "Somebody deleted the export. Enqueue the job again under a new jobId."
        case .deadlineExceeded: "Enqueue it again with a later deadline; look for paused accounts and small budgets."
        case .downloadFailed: "Look at the file store (FILES_LOCATION), then enqueue the job again under a new jobId."
        case .unknownAccount: "Configure the account, or correct the job's 'account'."
        case .unknownJob: "Nothing, if the job had ended long ago; otherwise look at the jobId that is to be cancelled."
        }
    }
}

/// Sentences and numbers for people.
enum Words {
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    static func duration(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        if milliseconds < 1_000 { return "\(max(0, milliseconds)) ms" }
        let seconds = milliseconds / 1_000
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7_200: return "\(seconds / 60) min"
        default: return "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
        }
    }

    static func explanation(of pause: IntakePause) -> String { pause.explanation }
}
