import ExportCore
import WorkerConsole
import WorkerRuntime
import WorkerTelemetry

/// What an operator can do about a problem, in sentences that name settings and commands. The log, health and dashboard of
/// a worker and the commands all use this table.
struct Remedies: OperatorTexts {
    func remedy(for situation: Situation) -> String { situation.remedy }

    func remedy(for problem: AccountProblem) -> String {
        switch problem {
        case .refused:
            "Run 'payout-worker sign-in', or correct the account's password or client secret. The worker tries the account again periodically; until then its jobs wait."
        case .mfaRequired: remedy(for: .callsPartlyRefused)
        case .locked:
            "Unlock the account or replace its credentials. The worker tries the account again when a secret file changes, and at SIGHUP (kill -HUP); until then its jobs wait."
        }
    }

    func remedy(for code: JobErrorCode) -> String {
        switch code {
        case .invalidJob: "Correct the fields that the event names, and enqueue the job with a new jobId."
        case .apiRejected: "Correct the job, especially its filter, or the account's rights at the service."
        case .exportFailed: "Enqueue the job again later with a new jobId. If it fails again, use a narrower filter."
        case .exportNotFound: "The export was deleted at the service. Enqueue the job again with a new jobId."
        case .deadlineExceeded:
            "Enqueue the job again with a new jobId and a later deadline. Check for paused accounts and small budgets."
        case .downloadFailed: "Check the file store (FILES_LOCATION), then enqueue the job again with a new jobId."
        case .unknownAccount: "Configure the account, or correct the job's 'account'."
        case .conflictingJob: "Enqueue it with a jobId that is not in use. The job that has this jobId is not affected."
        case .tooLarge: "Raise max.message.bytes of the topic that the event names, or enqueue a smaller job."
        case .unknownJob: "Check the jobId of the cancel command. No action is needed if the job ended long ago."
        }
    }

    func remedy(for pause: IntakePause) -> String {
        switch pause {
        case .pending: "Wait, or raise PAYOUT_API_REQUESTS_PER_SECOND if the service allows it."
        case .failures:
            "Find the sender of the refused jobs. The dead-letter topic and the rejected events give the reasons."
        case .commits: "Check the brokers: commits are slow or fail."
        }
    }

    func explanation(of pause: IntakePause) -> String {
        switch pause {
        case .pending:
            "WORKER_MAX_PENDING jobs wait to be submitted. Intake continues when a fifth of them has been submitted."
        case .failures:
            "Nearly every recent job was refused. Check the dead-letter topic; the worker tries a few jobs again shortly."
        case .commits: "Commits to Kafka are behind. Intake continues when they have caught up."
        }
    }

    /// Why the worker cannot continue, and what to do.
    func sentence(for failure: WorkerFailure) -> String {
        switch failure.cause {
        case .notStarted(let error): error
        case .workerIDInUse(let workerID, let groupID):
            "Another worker of group '\(groupID)' has the WORKER_ID '\(workerID)' too, so this one ends. Give each worker of the group a WORKER_ID of its own."
        case .groupProtocolRefused(let error):
            "The brokers do not let this worker join its group with the group protocol 'consumer': \(error). Set KAFKA_GROUP_PROTOCOL to classic, or use brokers that have the protocol."
        case .consumerFailed(let error):
            "The Kafka consumer cannot continue: \(error). Restart the worker; no job is lost."
        }
    }

    /// Why the console does not start, and what to do.
    func sentence(for error: ConsoleServerError) -> String {
        switch error {
        case .addressInUse(let host, let port):
            "The console cannot listen on \(host):\(port): another process uses the port. Set HTTP_PORT to a free port, or stop the other process."
        case .unknownHost(let host):
            "The console cannot listen on '\(host)': the host is unknown. Set HTTP_HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0."
        case .foreignAddress(let host):
            "The console cannot listen on \(host): it is not an address of this machine. Set HTTP_HOST to an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all addresses."
        case .notPermitted(let host, let port):
            "The console is not permitted to listen on \(host):\(port). Set HTTP_PORT to a port above 1023, or grant the process the right to use this port."
        case .notListening(let host, let port, let reason):
            "The console cannot listen on \(host):\(port): \(reason). Check HTTP_HOST and HTTP_PORT."
        }
    }
}

extension Situation {
    /// What an operator can do in the situation.
    fileprivate var remedy: String {
        switch self {
        case .starting: "Wait. If it persists, check the log, the brokers and KAFKA_BOOTSTRAP_SERVERS."
        case .stopping: "No action is needed."
        case .notJoined:
            "Wait for the group's rebalance. If it persists, check KAFKA_GROUP_ID, the jobs topic and the rights on the group. With more workers than partitions, some workers have no partition."
        case .engineSilent: "Check the CPU and the log. Restart the worker if it persists."
        case .loopStuck: "Restart the worker. A liveness probe restarts it automatically."
        case .notAlive: "Restart the worker. No job is lost."
        case .restoring:
            "Wait while the restore makes progress. If it does not end, check the brokers and the size of the state topic."
        case .handOverStuck: "Check whether commits succeed and calls return. Restart the worker if it persists."
        case .intakeStuck: "Check the partition's leader and the log. Restart the worker if it persists."
        case .openTransaction:
            "Stop the producer, or find it with 'kafka-transactions.sh --bootstrap-server … find-hanging' and abort its transaction with 'kafka-transactions.sh … abort'. Kafka aborts the transaction after the producer's transaction.timeout.ms."
        case .timersLate: "Check the CPU and the machine's clock: the engine is too slow, or the clock jumped."
        case .commitsFailing:
            "Check the brokers and the rights on the topics and the transactional id. The worker retries commits automatically."
        case .commitStuck: "Check the brokers. Restart the worker if it persists."
        case .callsStuck: "Check the connection to the service. Restart the worker if it persists."
        case .callsPartlyRefused:
            "Run 'payout-worker sign-in' and sign in with multi-factor authentication. The worker tries the account again as soon as its token has changed; until then its jobs wait."
        case .serviceUnreachable:
            "Check PAYOUT_API_BASE_URL, the network, proxies, and the service's status. The worker retries calls automatically; no job fails for this before its deadline."
        case .throttled:
            "Wait: the worker slows down automatically. If it persists, lower PAYOUT_API_REQUESTS_PER_SECOND, or find other programs that call the service with this account."
        case .storeUnavailable:
            "Fix the problem that the message names. Jobs whose files are ready wait, and the worker retries automatically."
        case .downloadsFailing:
            "Check the file store (FILES_LOCATION), PAYOUT_API_BLOB_HOSTS and the network. The worker retries downloads automatically until the job's deadline."
        case .jobsLate:
            "Open the job's page to see what it waits for. If it waits for the service, ask the service's support with the job's request id, or cancel the job and enqueue it again. If it waits for a pause, end it with 'payout-worker resume'; if for the budget or an account, fix that."
        case .configurationNotReloaded:
            "Correct the configuration, check it with 'payout-worker check-config', then send SIGHUP again."
        case .refreshTokenNotSaved:
            "Set PAYOUT_API_REFRESH_TOKEN_SAVED_IN to a persistent file or folder that the worker can write to, or fix the problem that the message names. The worker tries to save the token again every 30 seconds."
        case .refreshTokenExpiring:
            "Run 'payout-worker sign-in' before the token expires, and check the log for the reason why it is not used."
        case .deadLetter:
            "Read it with 'payout-worker dead-letters list', correct the sender, then run 'payout-worker dead-letters replay'."
        case .outputDropped:
            "Raise max.message.bytes of the topic, and check whether a policy of the brokers rejects records. 'payout-worker topics check' names the topic."
        case .partitionLost:
            "No action is needed if it is rare. If it is frequent, check for pauses of the process or the network."
        case .recordsUnread:
            "Ask the senders to enqueue the jobs of that time again; a jobId that has run does not run again. Raise retention.ms and retention.bytes of the jobs topic, and find out why no worker read the records in time."
        case .foreignOffset:
            "Find the consumer that commits with KAFKA_GROUP_ID and give it another group; 'kafka-consumer-groups.sh --describe --members' lists the members. Without transactions a worker that was paused can cause it too. No job is skipped."
        case .retrying: "The worker retries automatically."
        case .workerUnreachable:
            "Set HTTP_HOST of every worker to an address that the other workers can connect to, such as 0.0.0.0: the default, 127.0.0.1, is reached from its own machine only. The console has no authentication, so restrict who can connect to HTTP_PORT."
        case .consoleMisaddressed:
            "Check what listens at the address. Each worker must be reached at the address from which it is connected to the brokers, and at its own HTTP_PORT: give the workers of one machine different ports, and use no load balancer and no address translation between workers and brokers. All workers must have the same version."
        case .membersUnknown:
            "Open the console of the other workers, or run 'payout-worker jobs list' and 'payout-worker status', which read the topics."
        case .partitionNotServed:
            "Wait: a worker takes the partition over when the group has rebalanced, and restores its state first."
        case .jobUnknown:
            "Check the jobId. Jobs that were never enqueued, and those whose deduplication window has ended, are unknown. Run 'payout-worker jobs show' with the jobId: it searches the topics, also for older rejected records."
        case .hostNotAllowed: "Use localhost or the worker's IP address, or add the name to HTTP_ALLOWED_HOSTS."
        }
    }
}
