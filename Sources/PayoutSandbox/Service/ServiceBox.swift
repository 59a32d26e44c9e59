import Synchronization

/// The service's state behind a lock. Everything inside is short: files are generated outside.
final class ServiceBox: Sendable {
    let clock: any PayoutSandbox.Clock
    private let state: Mutex<ServiceState>

    init(configuration: PayoutSandbox.Configuration) {
        clock = configuration.clock
        state = Mutex(ServiceState(configuration: configuration))
    }

    func reply(to request: ServiceRequest) -> ServiceReply {
        state.withLock { $0.reply(to: request) }
    }

    func journalPage(from start: Int, form: JournalPage.Form) -> JournalPage {
        state.withLock { $0.journalPage(from: start, form: form) }
    }

    func finished(_ transfer: BlobTransfer, sent: Int) {
        state.withLock { $0.finished(transfer, sent: sent) }
    }

    func withState<Result>(_ body: (inout ServiceState) -> sending Result) -> sending Result {
        state.withLock { body(&$0) }
    }
}
