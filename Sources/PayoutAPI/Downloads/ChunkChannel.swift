import NIOCore
import Synchronization

/// Passes the chunks of a download to one reader. The download waits until a chunk is taken, so at most one is kept.
/// `ExportBytes` makes one for each iteration.
final class ChunkChannel: BlobConsumer {
    private enum State {
        case idle
        /// The download waits until this chunk is taken.
        case offered(ByteBuffer, CheckedContinuation<Void, any Error>)
        /// The reader waits for a chunk.
        case awaited(CheckedContinuation<ByteBuffer?, any Error>)
        /// The download has ended, with an error or without.
        case finished((any Error)?)
    }

    private struct Content {
        var state = State.idle
        /// Whether the reader has bytes of the file.
        var hasDelivered = false
    }

    private let content = Mutex(Content())

    // MARK: The download

    func receive(_ chunk: ByteBuffer) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (sender: CheckedContinuation<Void, any Error>) in
                offer(chunk, sender)
            }
        } onCancel: {
            finish(CancellationError())
        }
    }

    private func offer(_ chunk: ByteBuffer, _ sender: CheckedContinuation<Void, any Error>) {
        let previous = content.withLock { content in
            let previous = content.state
            switch previous {
            case .idle:
                content.state = .offered(chunk, sender)
            case .awaited:
                content.state = .idle
                content.hasDelivered = true
            case .offered, .finished:
                break
            }
            return previous
        }
        switch previous {
        case .idle: break
        case .awaited(let reader):
            reader.resume(returning: chunk)
            sender.resume()
        case .offered, .finished: sender.resume(throwing: CancellationError())
        }
    }

    func restart() throws {
        // Bytes that the reader has cannot be taken back.
        if content.withLock({ $0.hasDelivered }) { throw RestartRefused() }
    }

    /// Ends the channel. The first end counts.
    func finish(_ error: (any Error)?) {
        let previous = content.withLock { content in
            let previous = content.state
            switch previous {
            case .finished: break
            // The reader receives the error now.
            case .awaited: content.state = .finished(nil)
            case .idle, .offered: content.state = .finished(error)
            }
            return previous
        }
        switch previous {
        case .idle, .finished: break
        case .offered(_, let sender): sender.resume(throwing: error ?? CancellationError())
        case .awaited(let reader):
            if let error { reader.resume(throwing: error) } else { reader.resume(returning: nil) }
        }
    }

    // MARK: The reader

    /// The next chunk; nil at the end.
    func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (reader: CheckedContinuation<ByteBuffer?, any Error>) in
                take(reader)
            }
        } onCancel: {
            finish(CancellationError())
        }
    }

    private func take(_ reader: CheckedContinuation<ByteBuffer?, any Error>) {
        let previous = content.withLock { content in
            let previous = content.state
            switch previous {
            case .idle:
                content.state = .awaited(reader)
            case .offered:
                content.state = .idle
                content.hasDelivered = true
            case .awaited:
                break
            // An error is thrown once; then the sequence has ended.
            case .finished:
                content.state = .finished(nil)
            }
            return previous
        }
        switch previous {
        case .idle: break
        case .offered(let chunk, let sender):
            sender.resume()
            reader.resume(returning: chunk)
        case .awaited: reader.resume(returning: nil)
        case .finished(let error?): reader.resume(throwing: error)
        case .finished(nil): reader.resume(returning: nil)
        }
    }

    /// The reader has gone.
    func close() { finish(CancellationError()) }
}
