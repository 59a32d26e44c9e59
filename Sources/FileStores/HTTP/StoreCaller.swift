#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The moments and pauses of a store, so that tests have time in their hands.
struct StoreClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var now: @Sendable () -> Int64
    /// Waits, or returns early when the task is cancelled.
    var sleep: @Sendable (Duration) async -> Void
    /// From 0 to 1, for jitter.
    var random: @Sendable () -> Double

    /// The system's.
    static let system = StoreClock(
        now: {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
        },
        sleep: { try? await Task.sleep(for: $0) },
        random: { .random(in: 0...1) }
    )
}

/// What an answer that is no success means for the request.
enum CallFault: Sendable {
    /// The same may work in a moment.
    case again(FileStoreError)
    /// The credentials do not work: others may.
    case renewCredentials(FileStoreError)
    case final(FileStoreError)
}

/// Makes calls, repeating them where that can help: the server fails or is busy, the connection breaks, or the
/// credentials have just expired. What a repetition does not mend within seconds is for the worker to schedule.
struct StoreCaller: Sendable {
    /// A call is made so often before it has failed.
    static let attempts = 5
    private static let firstPause: Duration = .milliseconds(200)
    private static let longestPause: Duration = .seconds(5)

    let wire: StoreWire
    let clock: StoreClock

    /// Makes a call.
    ///
    /// - Parameters:
    ///   - action: What is being done, and `path` to what, for errors.
    ///   - prepare: Makes the request, anew for each attempt: credentials and time are part of it.
    ///   - renew: Forgets the credentials that were refused.
    ///   - judge: What is wrong with an answer; `nil` when nothing is.
    func call(
        _ action: String,
        _ path: String,
        prepare: () async throws(FileStoreError) -> WireRequest,
        renew: () async -> Void = {},
        judge: (WireAnswer) -> CallFault?
    ) async throws(FileStoreError) -> WireAnswer {
        var hasRenewed = false
        var attempt = 1
        while true {
            let request = try await prepare()
            let fault: CallFault
            do throws(WireFault) {
                let answer = try await wire.send(request)
                guard let found = judge(answer) else { return answer }
                fault = found
            } catch {
                fault = Self.fault(error, action, path)
            }
            switch fault {
            case .final(let error): throw error
            case .renewCredentials(let error):
                guard !hasRenewed else { throw error }
                hasRenewed = true
                await renew()
            case .again(let error):
                guard attempt < Self.attempts else { throw error }
                await clock.sleep(pause(after: attempt))
                attempt += 1
            }
            guard !Task.isCancelled else { throw FileStoreError(.cancelled, action: action, path: path) }
        }
    }

    private func pause(after attempt: Int) -> Duration {
        let full = min(Self.firstPause * (1 << (attempt - 1)), Self.longestPause)
        return full * (0.5 + clock.random() / 2)
    }

    private static func fault(_ fault: WireFault, _ action: String, _ path: String) -> CallFault {
        switch fault {
        case .cancelled: .final(FileStoreError(.cancelled, action: action, path: path))
        case .badURL: .final(FileStoreError(.invalidLocation, action: action, path: path))
        case .failed(let what): .again(FileStoreError(.unavailable, action: action, path: path, detail: what))
        }
    }
}
