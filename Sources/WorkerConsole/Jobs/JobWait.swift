import ExportCore
import WorkerTelemetry

/// Why an open job waits, for programs and for people.
struct JobWait: Codable, Sendable, Equatable {
    /// The reason's name.
    enum Reason: String, Codable, Sendable {
        /// Its `notBefore`.
        case notBefore
        /// Its account makes no calls.
        case accountPaused
        /// This worker has no account of that name.
        case accountUnknown
        /// The service asked for fewer calls.
        case throttled
        /// The budget of its account, or the commit before its call.
        case rateLimit
        /// The answer to its call, or the end of its transfer.
        case answer
        /// An operator has paused it.
        case paused
        /// The repetition of a call that failed.
        case retry
        /// The service; the worker polls it.
        case nextPoll
        /// The file store accepts no files.
        case storeUnavailable
        /// Other files are transferred first.
        case transferQueue
    }

    var reason: Reason
    /// What the job waits for, to follow "waits for".
    var message: String
    /// Until when, where that is known.
    var until: String?
    /// What an operator can do, where something is to be done.
    var remedy: String?
}

/// Finds out why jobs wait, from the state of the worker.
struct JobWaits {
    private let status: WorkerStatus?
    private let throttled: [CallActivity.Key: Instant]
    private let texts: any OperatorTexts
    private let now: Instant

    init(_ snapshot: Snapshot) {
        status = snapshot.watch.lastStatus
        throttled = snapshot.activity.throttledUntil.mapValues(\.instant)
        texts = snapshot.watch.texts
        now = snapshot.wallClock
    }

    /// Why a job of the account waits.
    func reason(_ wait: JobSnapshot.Wait, account name: String) -> JobWait {
        let account = status?.accounts.first { $0.name == name }
        if let problem = account?.problem, wait.needsAccount {
            return JobWait(
                reason: .accountPaused,
                message: "its account, which is paused: \(Disclosure.clean(problem.message))",
                remedy: texts.remedy(for: problem)
            )
        }
        switch wait {
        case .notBefore(let time): return plain(.notBefore, wait, until: time)
        case .answer: return plain(.answer, wait)
        case .repetition(_, let time): return plain(.retry, wait, until: time)
        case .service(let time): return plain(.nextPoll, wait, until: time)
        case .paused(_, let pause):
            return JobWait(
                reason: .paused,
                message: Disclosure.clean(Formatting.wait(wait, at: now)),
                until: pause.until?.text,
                remedy: texts.remedy(for: pause)
            )
        case .configuration:
            return JobWait(
                reason: .accountUnknown,
                message: Formatting.wait(wait, at: now),
                remedy: texts.remedy(for: .unknownAccount)
            )
        case .turn(.download): return transfer(account)
        case .turn(let kind): return turn(kind, name, account)
        }
    }

    private func plain(_ reason: JobWait.Reason, _ wait: JobSnapshot.Wait, until: Instant? = nil) -> JobWait {
        JobWait(reason: reason, message: Formatting.wait(wait, at: now), until: until?.text)
    }

    private func turn(_ kind: CallKind, _ name: String, _ account: WorkerStatus.Account?) -> JobWait {
        if let until = throttled[CallActivity.Key(account: name, kind: kind)], until > now {
            return JobWait(
                reason: .throttled,
                message: "the service, which asked for fewer calls",
                until: until.text,
                remedy: texts.remedy(for: .throttled)
            )
        }
        let waiting = account?.waiting[kind] ?? 0
        let rate = ((account?.requestsPerSecond ?? 0) * 10).rounded() / 10
        return JobWait(
            reason: .rateLimit,
            message:
                "its turn: \(Formatting.count(waiting, "call")) of this kind wait, and its account may make \(rate) a second"
        )
    }

    private func transfer(_ account: WorkerStatus.Account?) -> JobWait {
        if let problem = status?.storeProblem {
            return JobWait(
                reason: .storeUnavailable,
                message: "the file store, which accepts no files: \(Disclosure.clean(problem))",
                remedy: texts.remedy(for: .storeUnavailable)
            )
        }
        let (waiting, running) = (status?.downloadsWaiting ?? 0, status?.downloadsInFlight ?? 0)
        return JobWait(
            reason: .transferQueue,
            message: "the transfer queue: \(Formatting.count(waiting, "file")) wait, \(running) are being transferred"
        )
    }
}

extension JobSnapshot.Wait {
    /// Whether a paused account keeps the job waiting. Files are fetched without the account.
    fileprivate var needsAccount: Bool {
        switch self {
        case .turn(let kind), .repetition(let kind, _): kind != .download
        case .service: true
        case .notBefore, .answer, .configuration, .paused: false
        }
    }
}
