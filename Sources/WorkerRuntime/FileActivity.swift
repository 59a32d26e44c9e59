import Synchronization

/// A file on its way from the service into the file store.
public struct FileTransfer: Sendable {
    /// The job that it is for.
    public var job: String
    /// The job's account.
    public var account: String
    /// How many bytes have come so far.
    public var receivedBytes: Int64
    /// How many there are; `nil` where the service has not said yet.
    public var expectedBytes: Int64?
    /// Whether it has given its turn to another and waits for the next one.
    public var isWaiting: Bool
    /// When it began.
    public var began: ContinuousClock.Instant
}

/// How the file store and the transfers into it stand.
public struct FileStatus: Sendable {
    /// Where files go. Holds no secret.
    public var location: String
    /// What is under way, the oldest first.
    public var transfers: [FileTransfer]
    /// Files stored since the start.
    public var storedFiles: Int
    /// Bytes stored since the start.
    public var storedBytes: Int64
}

/// Gathers what happens to files, for health, metrics and the dashboard. Never decides anything.
public final class FileActivity: Sendable {
    /// Names one transfer.
    public struct Token: Hashable, Sendable {
        fileprivate var number: Int
    }

    private struct State {
        var transfers: [Int: FileTransfer] = [:]
        var next = 0
        var storedFiles = 0
        var storedBytes: Int64 = 0
    }

    private let location: String
    private let state = Mutex(State())

    /// - Parameter location: Where files go. Holds no secret.
    public init(location: String) { self.location = location }

    /// How everything stands.
    public var status: FileStatus {
        state.withLock { state in
            FileStatus(
                location: location,
                transfers: state.transfers.sorted { $0.key < $1.key }.map(\.value),
                storedFiles: state.storedFiles,
                storedBytes: state.storedBytes
            )
        }
    }

    // MARK: Transfers

    /// A transfer begins; it waits for its turn at first.
    public func began(job: String, account: String) -> Token {
        state.withLock { state in
            state.next += 1
            state.transfers[state.next] = FileTransfer(
                job: job,
                account: account,
                receivedBytes: 0,
                expectedBytes: nil,
                isWaiting: true,
                began: .now
            )
            return Token(number: state.next)
        }
    }

    /// A transfer has something new to tell.
    public func update(_ token: Token, _ change: (inout FileTransfer) -> Void) {
        state.withLock { state in
            guard var transfer = state.transfers[token.number] else { return }
            change(&transfer)
            state.transfers[token.number] = transfer
        }
    }

    /// A transfer has its end, one or another.
    public func ended(_ token: Token) { _ = state.withLock { $0.transfers.removeValue(forKey: token.number) } }

    // MARK: The store

    /// The store has taken a file.
    public func stored(bytes: Int64) {
        state.withLock { state in
            state.storedFiles += 1
            state.storedBytes += bytes
        }
    }
}
