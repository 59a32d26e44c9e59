extension PayoutSandbox {
    /// The faults that are on, with what is left of their counts.
    public var faults: [Fault] {
        get { service.withState { $0.plan.faults } }
        set { service.withState { $0.plan.faults = newValue } }
    }

    /// Switches a fault on, beside those that are on.
    public func add(_ fault: Fault) {
        service.withState { $0.plan.faults.append(fault) }
    }

    /// Counts since the start or the last reset.
    public var stats: Stats {
        service.withState { $0.stats }
    }

    /// How many exports the journal holds.
    public var exportCount: Int {
        service.withState { $0.store.records.count }
    }

    /// The facts of all exports in the order of their creation. For many exports read `/_sandbox/journal?format=jsonl`.
    public var exports: [ExportFacts] {
        service.withState { state in
            let now = state.now
            return state.store.records.indices.map { state.facts(at: $0, now: now) }
        }
    }

    /// The facts of one export; nil when there is none.
    public func export(requestID: String) -> ExportFacts? {
        service.withState { state in
            GUID(requestID).flatMap { state.store.index(of: $0) }.map { state.facts(at: $0, now: state.now) }
        }
    }

    /// Deletes an export as a person may do in the portal, whatever state it is in. False when there is none.
    @discardableResult
    public func deleteExport(requestID: String) -> Bool {
        service.withState { state in
            GUID(requestID).map { state.deleteExport($0) } ?? false
        }
    }

    /// Makes all access tokens useless, and the refresh tokens too when told so.
    public func revokeTokens(includingRefreshTokens: Bool = false) {
        service.withState { state in
            state.tokens.revokeAccessTokens()
            if includingRefreshTokens { state.tokens.revokeRefreshTokens() }
        }
    }

    /// Changes how exports live from now on; those that exist keep their times and their ends.
    public func updateExports(_ change: (inout ExportBehaviour) -> Void) {
        service.withState { change(&$0.configuration.exports) }
    }

    /// Changes what files are like. Changing their form changes existing files too.
    public func updateBlobs(_ change: (inout BlobBehaviour) -> Void) {
        service.withState { change(&$0.configuration.blobs) }
    }

    /// Changes or lifts the limit on calls.
    public func setRateLimit(_ limit: RateLimit?) {
        service.withState { $0.configuration.rateLimit = limit }
    }

    /// Changes an account by its name: its password, or what keeps it from signing in. False when there is none.
    @discardableResult
    public func updateAccount(_ name: String, _ change: (inout Account) -> Void) -> Bool {
        service.withState { state in
            guard let index = state.configuration.accounts.firstIndex(where: { $0.name == name }) else { return false }
            change(&state.configuration.accounts[index])
            return true
        }
    }

    /// Forgets exports, counts and locks, and goes back to the configured faults. Tokens go on working.
    public func reset() {
        service.withState { $0.reset() }
    }
}
