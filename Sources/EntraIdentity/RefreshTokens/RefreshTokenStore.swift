import Foundation
import HTTPAccess
import Primitives
import Synchronization

/// Decides which refresh token an `EntraTokenProvider` uses: the configured one, or one that the identity platform has issued
/// to replace it.
///
/// The newest token is saved to a file where the configuration names one: the configured token's own file, or another one. A
/// file of its own also records which configured token the saved one replaces. So a token that an operator configures later
/// takes precedence over an older saved one, and a saved one over the configured one that it replaces.
final class RefreshTokenStore: Sendable {
    private struct State {
        /// A token that no file holds: saving failed, or there is no file.
        var unsaved: SavedRefreshToken?
        /// The content of the files when the request for ``unsaved`` began.
        var then = RefreshTokens()
        /// The content that this store wrote last.
        var written: String?
        var status: RefreshTokenStatus
    }

    private let configured: Secret
    private let saved: Secret?
    /// The file for new tokens; nil keeps them in memory only.
    let path: String?
    private let started: Date
    private let state: Mutex<State>

    /// - Parameters:
    ///   - configured: The configured token; an empty one means none.
    ///   - savedIn: The file for new tokens, if it is not the configured token's own.
    ///   - now: The time of day.
    init(configured: Secret, savedIn: String?, now: Date) {
        let savedIn = savedIn == configured.filePath ? nil : savedIn
        self.configured = configured
        saved = savedIn.map { Secret.file($0) }
        path = savedIn ?? configured.filePath
        started = now
        state = Mutex(State(status: RefreshTokenStatus(lastUsed: now, savedIn: path)))
    }

    var status: RefreshTokenStatus { state.withLock { $0.status } }

    // MARK: - Reading

    /// Reads the tokens to try, in order.
    ///
    /// - Throws: `SecretUnavailable` when there is no token.
    func read() throws(SecretUnavailable) -> RefreshTokens {
        let (saved, problem) = readSaved()
        state.withLock { $0.status.savedUnusable = problem }
        var configured: String?
        do throws(SecretUnavailable) {
            configured = try readConfigured()
        } catch {
            // The configured token may be missing once there is a saved one.
            guard saved != nil else { throw error }
        }
        var read = RefreshTokens(configured: configured.map(SavedRefreshToken.digest), saved: saved)
        let (unsaved, then) = state.withLock { ($0.unsaved, $0.then) }
        let isUnsavedNewest = then.configured == read.configured && then.saved == saved
        if isUnsavedNewest { read.append(unsaved.map { RefreshTokens.Candidate($0) }) }
        let ownCandidate = configured.map { RefreshTokens.Candidate(configured: $0) }
        if let saved {
            var candidate = RefreshTokens.Candidate(saved)
            let isNewer = saved.token == configured || isNewer(saved, than: read.configured)
            // From now on it replaces this configured token, so that a restart decides the same.
            if isNewer { candidate.basis = read.configured ?? saved.basis }
            for candidate in isNewer ? [candidate, ownCandidate] : [ownCandidate, candidate] { read.append(candidate) }
        } else {
            read.append(ownCandidate)
        }
        read.append(unsaved.map { RefreshTokens.Candidate($0) })
        guard read.candidates.isEmpty else { return read }
        throw problem ?? SecretUnavailable(path: path ?? "", problem: .unreadable)
    }

    private func readConfigured() throws(SecretUnavailable) -> String? {
        let text = try configured.read()
        return text.isEmpty ? nil : SavedRefreshToken(text)?.token
    }

    /// The saved token, or why it cannot be used; neither where there is no file.
    private func readSaved() -> (token: SavedRefreshToken?, problem: SecretUnavailable?) {
        guard let saved, let path, !isAbsent(path) else { return (nil, nil) }
        do throws(SecretUnavailable) {
            let content = try saved.read()
            if let token = SavedRefreshToken(content) { return (token, nil) }
            return (nil, SecretUnavailable(path: path, problem: .corrupt))
        } catch {
            return (nil, SecretUnavailable(path: path, problem: error.problem == .unreadable ? .unreadable : .corrupt))
        }
    }

    /// Whether a saved token is newer than the configured one.
    private func isNewer(_ saved: SavedRefreshToken, than configured: String?) -> Bool {
        guard let configured else { return true }
        if let basis = saved.basis { return basis == configured }
        // The saved token does not record what it replaces, so the times decide. A token in a variable is as old as the process.
        let since = self.configured.filePath.flatMap(Date.init(modificationOf:)) ?? started
        guard let issued = saved.issued ?? path.flatMap(Date.init(modificationOf:)) else { return false }
        return issued > since
    }

    /// Reads from the file when the token was issued and when the person signed in. To be called periodically: another
    /// program may sign in or use the token.
    ///
    /// - Returns: Whether the token's last use is known.
    func readAge() -> Bool {
        guard let read = try? read(), let candidate = read.candidates.first else { return false }
        // The time of the configured token's file is when it was written: the token may be older.
        let written = saved == nil ? path.flatMap(Date.init(modificationOf:)) : nil
        return state.withLock { state in
            let isFirst = !state.status.isAgeKnown
            if let signedIn = candidate.signedIn { state.status.signedIn = signedIn }
            guard let issued = candidate.issued else {
                if isFirst, let written { state.status.lastUsed = min(state.status.lastUsed, written) }
                return !isFirst
            }
            let last = state.status.lastUsed
            state.status.lastUsed = isFirst ? min(last, issued) : max(last, issued)
            state.status.isAgeKnown = true
            return true
        }
    }

    /// Records that the identity platform accepted a token, which restarts the token's lifetime.
    ///
    /// - Parameter authenticated: When the person signed in, according to the access token. Used where the file does not
    ///   record it.
    func used(_ candidate: RefreshTokens.Candidate, authenticated: Date?, at now: Date) {
        state.withLock { state in
            state.status.lastUsed = now
            state.status.isAgeKnown = true
            state.status.signedIn = candidate.signedIn ?? authenticated
        }
    }

    // MARK: - Writing

    /// Uses a new token from now on and writes it to the file, if there is one.
    ///
    /// - Parameters:
    ///   - token: The new token.
    ///   - used: The token that it replaces.
    ///   - read: The content of the files when the request began.
    /// - Returns: Why the file could not be written; the token is used nevertheless.
    func rotate(
        to token: String,
        from used: RefreshTokens.Candidate,
        of read: RefreshTokens,
        at now: Date
    ) -> RefreshTokenNotSaved? {
        state.withLock { state in
            state.unsaved = SavedRefreshToken(token: token, basis: used.basis, issued: now, signedIn: used.signedIn)
            state.then = read
            state.status.signedIn = used.signedIn ?? state.status.signedIn
        }
        return save()
    }

    /// Writes a token that no file holds. Does nothing where there is none, or where the file holds a newer one.
    func save() -> RefreshTokenNotSaved? {
        let (unsaved, then) = state.withLock { ($0.unsaved, $0.then) }
        guard let unsaved else { return nil }
        guard let path else {
            state.withLock { $0.status.notSaved = .noFile }
            return nil
        }
        let text = saved == nil ? unsaved.token : unsaved.text
        do throws(RefreshTokenNotSaved) {
            if try isSuperseded(then) {
                state.withLock { state in
                    if state.unsaved == unsaved { state.unsaved = nil }
                    state.status.notSaved = nil
                }
                return nil
            }
            try RefreshTokenFile.replace(path, with: text)
        } catch {
            state.withLock { state in
                state.status.notSaved = error
                state.status.saveFailures += 1
            }
            return error
        }
        state.withLock { state in
            if state.unsaved == unsaved { state.unsaved = nil }
            state.written = text
            state.status.notSaved = nil
            state.status.savedUnusable = nil
        }
        return nil
    }

    /// Whether a person has signed in, or an operator has replaced the token, since the request for the new one began: their
    /// token must not be overwritten.
    private func isSuperseded(_ then: RefreshTokens) throws(RefreshTokenNotSaved) -> Bool {
        guard saved != nil else {
            guard let configured = try? readConfigured() else { return false }
            return SavedRefreshToken.digest(of: configured) != then.configured
        }
        let (now, problem) = readSaved()
        if let problem, problem.problem == .unreadable {
            // The file may hold the token of an administrator's sign-in.
            throw RefreshTokenNotSaved(path: problem.path, step: "read", errno: EACCES)
        }
        guard let now else { return false }
        return !now.signInMark.isEmpty && now.signInMark != then.saved?.signInMark
    }

    /// Whether a file's content was written by this store, and not by an operator or another program.
    func wrote(_ content: String) -> Bool { state.withLock { $0.written == content } }
}
