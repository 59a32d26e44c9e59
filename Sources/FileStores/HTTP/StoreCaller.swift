import HTTPAccess
import Primitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The clock, the sleep and the jitter of a store, which tests replace.
struct StoreClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    var now: @Sendable () -> Int64
    /// Waits; throws when the task is cancelled.
    var sleep: @Sendable (Duration) async throws -> Void
    /// A random number from 0 to 1, for jitter.
    var random: @Sendable () -> Double

    /// The system's clock, sleep and random numbers.
    static let system = StoreClock(
        now: {
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            return Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000
        },
        sleep: { try await Task.sleep(for: $0) },
        random: { .random(in: 0...1) }
    )
}

/// A failed attempt of a call, and whether ``StoreCaller`` makes another one.
enum CallFault: Error {
    /// Transient: retry with back-off.
    case again(FileStoreError)
    /// Transient, but an attempt takes so long that it is retried only once.
    case againOnce(FileStoreError)
    /// The credentials were refused: retry once with new ones.
    case renewCredentials(FileStoreError)
    /// Permanent: throw the error.
    case final(FileStoreError)
}

extension FileStoreError.Kind {
    /// What an object store's HTTP status means where its code means nothing.
    init(status: Int) {
        switch status {
        case 401: self = .credentialsRefused
        case 403: self = .forbidden
        case 408, 500, 502, 503, 504: self = .unavailable
        case 413: self = .fileTooLarge
        case 429: self = .throttled
        case 507: self = .noSpace
        default: self = .refused
        }
    }
}

extension CallFault {
    /// The fault of an error response.
    init(_ error: FileStoreError) {
        switch error.kind {
        case .unavailable, .throttled, .checksumMismatch: self = .again(error)
        case .credentialsRefused: self = .renewCredentials(error)
        default: self = .final(error)
        }
    }

    /// The fault with secrets redacted: codes and ids come from the response, which may echo what was sent.
    func without(_ secrets: [String]) -> CallFault {
        func redacted(_ error: FileStoreError) -> FileStoreError {
            var error = error
            for secret in secrets {
                error.detail = error.detail?.replacing(secret, with: Redaction.mark)
            }
            return error
        }
        return switch self {
        case .again(let error): .again(redacted(error))
        case .againOnce(let error): .againOnce(redacted(error))
        case .renewCredentials(let error): .renewCredentials(redacted(error))
        case .final(let error): .final(redacted(error))
        }
    }
}

/// Makes the calls of an object store or an identity service, and retries them where that can help: the server fails or is
/// busy, the connection breaks, or the credentials have just expired. Failures that last longer than some seconds are
/// thrown; the worker schedules further attempts.
struct StoreCaller: Sendable {
    /// How many attempts a call has.
    static let attempts = 5
    private static let backOff = BackOff(base: .milliseconds(200), maximum: .seconds(5))

    let wire: StoreWire
    let clock: StoreClock

    /// Makes a call.
    ///
    /// - Parameters:
    ///   - action: The operation, as a verb phrase for errors.
    ///   - path: What the operation concerns, for errors.
    ///   - prepare: Makes the request, once for each attempt: credentials and time are part of it.
    ///   - renew: Discards the credentials that were refused.
    ///   - evaluate: Returns the fault of a response; `nil` for a success.
    func call(
        _ action: String,
        _ path: String,
        prepare: () async throws(FileStoreError) -> OutgoingRequest,
        renew: () async -> Void = {},
        evaluate: (HTTPAnswer) -> CallFault?
    ) async throws(FileStoreError) -> HTTPAnswer {
        try await repeating(action, path, renew: renew) { () async throws(FileStoreError) in
            let request = try await prepare()
            do {
                let answer = try await wire.send(request)
                return evaluate(answer).map { .failure($0.without(request.secrets)) } ?? .success(answer)
            } catch {
                return .failure(Self.fault(error, action, path))
            }
        }
    }

    /// Makes attempts until one succeeds, fails for good, or they are used up.
    ///
    /// - Parameters:
    ///   - action: The operation, as a verb phrase for errors.
    ///   - path: What the operation concerns, for errors.
    ///   - renew: Discards the credentials that were refused.
    ///   - attempt: Makes one attempt. An error that it throws is not retried.
    func repeating<Value>(
        _ action: String,
        _ path: String,
        renew: () async -> Void = {},
        _ attempt: () async throws(FileStoreError) -> Result<Value, CallFault>
    ) async throws(FileStoreError) -> Value {
        var hasRenewed = false
        var number = 1
        while true {
            switch try await attempt() {
            case .success(let value): return value
            case .failure(.final(let error)): throw error
            case .failure(.renewCredentials(let error)):
                guard !hasRenewed else { throw error }
                hasRenewed = true
                await renew()
            case .failure(.againOnce(let error)):
                number = max(number, Self.attempts - 1)
                try await pause(after: &number, error, action, path)
            case .failure(.again(let error)):
                try await pause(after: &number, error, action, path)
            }
            guard !Task.isCancelled else { throw FileStoreError(.cancelled, action: action, path: path) }
        }
    }

    /// Throws the error when the attempts are used up, waits otherwise.
    private func pause(
        after number: inout Int,
        _ error: FileStoreError,
        _ action: String,
        _ path: String
    ) async throws(FileStoreError) {
        guard number < Self.attempts else { throw error }
        do {
            try await clock.sleep(Self.backOff.wait(after: number, jitter: .upperHalf, random: clock.random()))
        } catch {
            throw FileStoreError(.cancelled, action: action, path: path)
        }
        number += 1
    }

    private static func fault(_ error: any Error, _ action: String, _ path: String) -> CallFault {
        guard let fault = error as? TransportFault else {
            return .final(FileStoreError(.cancelled, action: action, path: path))
        }
        let unavailable = FileStoreError(.unavailable, action: action, path: path, detail: fault.detail)
        return switch fault.failure {
        case .unsendable: .final(FileStoreError(.invalidLocation, action: action, path: path, detail: fault.detail))
        case .timeout: .againOnce(unavailable)
        // A transport that is shut down never connects again.
        case .shutDown: .final(unavailable)
        case .connect, .closed, .tls, .unreadable, .other: .again(unavailable)
        }
    }
}
