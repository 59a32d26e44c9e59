import Synchronization

/// A transfer of a file from the service into the file store.
public struct FileTransfer: Sendable {
    /// The job that it is for.
    public var job: String
    /// The job's account.
    public var account: String
    /// Bytes received so far.
    public var receivedBytes: Int64
    /// The size of the file in bytes; `nil` while it is unknown.
    public var expectedBytes: Int64?
    /// Whether it is suspended and waits for its next turn.
    public var isWaiting: Bool
    /// When it started.
    public var began: ContinuousClock.Instant
}

/// The state of the file store and the transfers into it.
public struct FileStatus: Sendable {
    /// Where files go. Holds no secret.
    public var location: String
    /// Transfers in progress, the oldest first.
    public var transfers: [FileTransfer]
    /// Files stored since the start.
    public var storedFiles: Int
    /// Bytes stored since the start.
    public var storedBytes: Int64
}

/// Tracks file transfers, for health checks, metrics and the dashboard.
public final class FileActivity: Sendable {
    /// Identifies one transfer.
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

    /// The present state.
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

    /// A transfer was started.
    public func began(job: String, account: String) -> Token {
        state.withLock { state in
            state.next += 1
            state.transfers[state.next] = FileTransfer(
                job: job,
                account: account,
                receivedBytes: 0,
                expectedBytes: nil,
                isWaiting: false,
                began: .now
            )
            return Token(number: state.next)
        }
    }

    /// Updates a transfer.
    public func update(_ token: Token, _ change: (inout FileTransfer) -> Void) {
        state.withLock { state in
            guard var transfer = state.transfers[token.number] else { return }
            change(&transfer)
            state.transfers[token.number] = transfer
        }
    }

    /// A transfer has ended, with or without success.
    public func ended(_ token: Token) { _ = state.withLock { $0.transfers.removeValue(forKey: token.number) } }

    // MARK: The store

    /// The store has stored a file.
    public func stored(bytes: Int64) {
        state.withLock { state in
            state.storedFiles += 1
            state.storedBytes += bytes
        }
    }
}
