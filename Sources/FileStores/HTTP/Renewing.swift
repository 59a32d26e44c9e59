/// Something that is valid for a while and fetched anew before that ends: credentials, tokens.
///
/// Whoever asks while it is fetched waits for the same fetch.
actor Renewing<Value: Sendable> {
    /// A value and how long it can be used.
    struct Lease: Sendable {
        var value: Value
        /// Milliseconds since 1970-01-01T00:00:00Z; `nil` when it does not end.
        var expiresAt: Int64?
    }

    /// A new value is fetched so long before the old one ends, in milliseconds.
    private static var early: Int64 { 300_000 }
    /// While the old value still works, a fetch that failed is repeated after so many milliseconds.
    private static var failurePause: Int64 { 30_000 }
    /// Nothing is begun with a value that ends within so many milliseconds.
    private static var minimum: Int64 { 15_000 }

    private let now: @Sendable () -> Int64
    private let fetch: @Sendable () async throws(FileStoreError) -> Lease

    private var lease: Lease?
    private var nextFetch: Int64 = .min
    private var underWay: Task<Result<Lease, FileStoreError>, Never>?

    init(now: @escaping @Sendable () -> Int64, fetch: @escaping @Sendable () async throws(FileStoreError) -> Lease) {
        self.now = now
        self.fetch = fetch
    }

    /// The value, valid for a while.
    func value() async throws(FileStoreError) -> Value {
        let moment = now()
        let isUsable = lease.map { ($0.expiresAt ?? .max) - moment > Self.minimum } ?? false
        if isUsable, let lease {
            let isFresh = (lease.expiresAt ?? .max) - moment > Self.early
            if isFresh || moment < nextFetch { return lease.value }
        }
        do throws(FileStoreError) {
            return try await renewed().value
        } catch {
            nextFetch = now() + Self.failurePause
            if isUsable, let lease { return lease.value }
            throw error
        }
    }

    /// Forgets the value: whoever takes it refuses it.
    func forget() { lease = nil }

    private func renewed() async throws(FileStoreError) -> Lease {
        let task =
            underWay
            ?? Task { [fetch] () async -> Result<Lease, FileStoreError> in
                do throws(FileStoreError) {
                    return .success(try await fetch())
                } catch {
                    return .failure(error)
                }
            }
        underWay = task
        let result = await task.value
        // Of those who have waited the first one notes it.
        if underWay == task { underWay = nil }
        let lease = try result.get()
        self.lease = lease
        return lease
    }
}
