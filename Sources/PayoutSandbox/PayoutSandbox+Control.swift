extension PayoutSandbox {
    /// The active faults with their remaining counts.
    public var faults: [Fault] {
        get { service.withState { $0.plan.faults } }
        set { service.withState { $0.plan.faults = newValue } }
    }

    /// Adds a fault to the active ones.
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

    /// Adds an export that exists already, such as one of an earlier sandbox. It begins as a new one does, and does not count
    /// as created. False when its id is no GUID or is in use.
    @discardableResult
    public func add(_ export: KnownExport) -> Bool {
        service.withState { $0.add(export) }
    }

    /// Deletes an export in any state, as a person may do in the portal. False when there is none.
    @discardableResult
    public func deleteExport(requestID: String) -> Bool {
        service.withState { state in
            GUID(requestID).map { state.deleteExport($0) } ?? false
        }
    }

    /// Revokes all access tokens, and optionally the refresh tokens.
    public func revokeTokens(includingRefreshTokens: Bool = false) {
        service.withState { state in
            state.tokens.revokeAccessTokens()
            if includingRefreshTokens { state.tokens.revokeRefreshTokens() }
        }
    }

    /// Changes the behaviour of later exports; existing ones keep their times and their ends.
    public func updateExports(_ change: (inout ExportBehaviour) -> Void) {
        service.withState { change(&$0.configuration.exports) }
    }

    /// Changes the files' behaviour. Changing their form changes existing files too.
    public func updateBlobs(_ change: (inout BlobBehaviour) -> Void) {
        service.withState { change(&$0.configuration.blobs) }
    }

    /// Changes how people sign in.
    public func updateSignIn(_ change: (inout SignInBehaviour) -> Void) {
        service.withState { change(&$0.configuration.signIn) }
    }

    /// Changes how tokens are issued from now on.
    public func updateTokens(_ change: (inout TokenPolicy) -> Void) {
        service.withState { change(&$0.configuration.tokens) }
    }

    /// Changes at which calls tokens without multi-factor authentication are refused.
    public func updateMFA(_ change: (inout MFAEnforcement) -> Void) {
        service.withState { change(&$0.configuration.mfa) }
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

    /// Deletes exports, counts and locks, and restores the configured faults. Tokens stay valid.
    public func reset() {
        service.withState { $0.reset() }
    }
}
