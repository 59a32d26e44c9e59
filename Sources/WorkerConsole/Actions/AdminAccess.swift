import Synchronization

/// Decides whether a request may act: by the token, with a limit for wrong ones from one address.
///
/// The right token is always permitted, and a missing one is no attempt. Otherwise strangers behind the operator's proxy, or
/// a web page, could lock the operator out.
final class AdminAccess: Sendable {
    enum Decision: Equatable {
        case permitted
        /// No token is configured.
        case disabled
        /// The token is missing or wrong.
        case refused
        /// The token is wrong, as too many before it from this address.
        case limited(Duration)
    }

    private struct Failures {
        var count = 0
        var since: ContinuousClock.Instant
    }

    /// What browsers have in place of the token; `nil` where none is configured.
    let session: ConsoleSession?
    private let token: [UInt8]?
    private let failures = Mutex<[String: Failures]>([:])

    private static let attempts = 10
    private static let window: Duration = .seconds(60)
    private static let addresses = 1_024

    init(token: String?) {
        self.token = token.map { Array($0.utf8) }
        session = token.map { ConsoleSession(token: $0) }
    }

    var isEnabled: Bool { token != nil }

    /// - Parameters:
    ///   - given: the token of the request.
    ///   - address: where the request comes from.
    func decide(_ given: String?, from address: String, at now: ContinuousClock.Instant = .now) -> Decision {
        guard let token else { return .disabled }
        guard let given else { return .refused }
        guard !Self.isEqual(token, Array(given.utf8)) else { return .permitted }
        if let wait = wait(address, at: now) { return .limited(wait) }
        count(address, at: now)
        return .refused
    }

    /// The token of an `Authorization` header.
    static func bearer(_ header: String?) -> String? {
        guard let header, header.prefix(7).lowercased() == "bearer " else { return nil }
        return String(header.dropFirst(7))
    }

    /// Compares in a time that depends on the length of the given bytes alone.
    static func isEqual(_ token: [UInt8], _ given: [UInt8]) -> Bool {
        var difference = UInt64(truncatingIfNeeded: token.count ^ given.count)
        for (index, byte) in given.enumerated() {
            difference |= UInt64(byte ^ (token.isEmpty ? 0 : token[index % token.count]))
        }
        return difference == 0
    }

    private func wait(_ address: String, at now: ContinuousClock.Instant) -> Duration? {
        failures.withLock { failures in
            guard let known = failures[address] else { return nil }
            let end = known.since.advanced(by: Self.window)
            guard end > now else {
                failures[address] = nil
                return nil
            }
            return known.count >= Self.attempts ? end - now : nil
        }
    }

    private func count(_ address: String, at now: ContinuousClock.Instant) {
        failures.withLock { failures in
            if failures.count >= Self.addresses, failures[address] == nil,
                let oldest = failures.min(by: { $0.value.since < $1.value.since })
            {
                failures[oldest.key] = nil
            }
            failures[address, default: Failures(since: now)].count += 1
        }
    }
}
