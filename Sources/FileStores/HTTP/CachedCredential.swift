/// A credential with an expiry, cached and fetched again before it expires. `S3Backend` takes its AWS credentials from
/// one.
///
/// Callers that ask while a fetch is in flight wait for the same fetch.
actor CachedCredential<Value: Sendable> {
    /// A value and its expiry.
    struct Lease: Sendable {
        var value: Value
        /// Milliseconds since 1970-01-01T00:00:00Z; `nil` when it does not expire.
        var expiresAt: Int64?
    }

    /// How long before the expiry of the old value a new one is fetched, in milliseconds.
    private static var early: Int64 { 300_000 }
    /// The wait before a failed fetch is repeated while the old value is still valid, in milliseconds.
    private static var failurePause: Int64 { 30_000 }
    /// A value that expires within this many milliseconds is not used any more.
    private static var minimum: Int64 { 15_000 }

    private let now: @Sendable () -> Int64
    private let fetch: @Sendable () async throws(FileStoreError) -> Lease

    private var lease: Lease?
    private var nextFetch: Int64 = .min
    private var inFlight: Task<Result<Lease, FileStoreError>, Never>?

    init(now: @escaping @Sendable () -> Int64, fetch: @escaping @Sendable () async throws(FileStoreError) -> Lease) {
        self.now = now
        self.fetch = fetch
    }

    /// The value, fetched again if it expires soon.
    func value() async throws(FileStoreError) -> Value {
        let time = now()
        let isUsable = lease.map { ($0.expiresAt ?? .max) - time > Self.minimum } ?? false
        if isUsable, let lease {
            let isFresh = (lease.expiresAt ?? .max) - time > Self.early
            if isFresh || time < nextFetch { return lease.value }
        }
        do throws(FileStoreError) {
            return try await renewed().value
        } catch {
            nextFetch = now() + Self.failurePause
            if isUsable, let lease { return lease.value }
            throw error
        }
    }

    /// Discards the value after it was refused.
    func forget() { lease = nil }

    private func renewed() async throws(FileStoreError) -> Lease {
        let task =
            inFlight
            ?? Task { [fetch] () async -> Result<Lease, FileStoreError> in
                do throws(FileStoreError) {
                    return .success(try await fetch())
                } catch {
                    return .failure(error)
                }
            }
        inFlight = task
        let result = await task.value
        // The first caller that resumes clears the finished fetch; a later fetch is not touched.
        if inFlight == task { inFlight = nil }
        let lease = try result.get()
        self.lease = lease
        return lease
    }
}
