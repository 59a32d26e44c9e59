import Dispatch
import Foundation
import Synchronization

/// Writes log lines, for example to standard error, on its own thread. Callers never wait: when the reader is too slow, a
/// bounded buffer fills, and further lines are dropped and counted.
///
/// The thread writes the first line after a quiet period at once. Then it pauses before each further write, so that lines
/// gather meanwhile: to wake a thread for each line would cost the caller more than to format the line.
package final class LogWriter: Sendable {
    /// The format of the line that reports dropped ones.
    package enum Format: Sendable {
        case text
        case json
    }

    private struct State: Sendable {
        /// Lines that the thread has not begun to write.
        var waiting: [UInt8] = []
        /// Bytes that the thread is writing.
        var writing = 0
        var format = Format.text
        /// Lines that were dropped since this was last reported.
        var dropped = 0
        var droppedTotal = 0
        var isThreadRunning = false
        var isThreadIdle = false
        /// Callers that wait until everything is written.
        var flushes: [DispatchSemaphore] = []
    }

    private let descriptor: Int32
    private let label: String
    private let capacity: Int
    /// Ends the thread's sleep and its pause.
    private let wake = DispatchSemaphore(value: 0)
    /// How long lines gather after a write.
    private static let pause = DispatchTimeInterval.milliseconds(2)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - descriptor: where it writes.
    ///   - label: the logger's label in the line that reports dropped ones.
    ///   - capacity: how many bytes may wait.
    package init(descriptor: Int32, label: String, capacity: Int = 1_024 * 1_024) {
        self.descriptor = descriptor
        self.label = label
        self.capacity = capacity
    }

    /// Lines dropped since the process started.
    package var droppedLines: Int { state.withLock { $0.droppedTotal } }

    /// Queues a line, with its line end, or drops it where the buffer is full.
    package func write(_ line: some Collection<UInt8>, format: Format? = nil) {
        let (starts, wakes) = state.withLock { state -> (Bool, Bool) in
            if let format { state.format = format }
            guard state.waiting.count + state.writing + line.count <= capacity else {
                state.dropped += 1
                state.droppedTotal += 1
                return (false, false)
            }
            state.waiting.append(contentsOf: line)
            defer {
                state.isThreadRunning = true
                state.isThreadIdle = false
            }
            return (!state.isThreadRunning, state.isThreadIdle)
        }
        if starts {
            let thread = Thread { [self] in
                Thread.current.name = "log"
                run()
            }
            thread.start()
        }
        if wakes { wake.signal() }
    }

    /// Waits until all queued lines are written, at most for a time limit.
    ///
    /// - Parameter limit: in seconds.
    package func flush(within limit: Double) {
        let done = state.withLock { state -> DispatchSemaphore? in
            guard state.isThreadRunning, !state.isThreadIdle else { return nil }
            let done = DispatchSemaphore(value: 0)
            state.flushes.append(done)
            return done
        }
        guard let done else { return }
        wake.signal()
        _ = done.wait(timeout: .now() + limit)
    }

    private func run() {
        var batch: [UInt8] = []
        while true {
            batch.removeAll(keepingCapacity: true)
            let (hasWork, flushes) = state.withLock { state -> (Bool, [DispatchSemaphore]) in
                state.writing = 0
                if state.dropped > 0 {
                    state.waiting.append(contentsOf: report(state.dropped, state.format))
                    state.dropped = 0
                }
                if state.waiting.isEmpty {
                    defer { state.flushes = [] }
                    state.isThreadIdle = true
                    return (false, state.flushes)
                }
                swap(&state.waiting, &batch)
                state.writing = batch.count
                return (true, [])
            }
            for done in flushes { done.signal() }
            guard hasWork else {
                wake.wait()
                continue
            }
            writeOut(batch)
            _ = wake.wait(timeout: .now() + Self.pause)
        }
    }

    /// Writes all bytes, however long that takes. Bytes that cannot be written because the reader has closed are lost.
    private func writeOut(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN || errno == EWOULDBLOCK {
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, -1)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    private func report(_ count: Int, _ format: Format) -> [UInt8] {
        let (time, level, message) = (LineLogHandler.time(), "warning", "Log lines dropped")
        let fields = [(key: "count", value: "\(count)")]
        return switch format {
        case .json:
            LogLine.json(time: time, level: level, logger: label, message: message, fields: fields).bytes
        case .text: LogLine.text(time: time, level: level, part: nil, message: message, fields: fields).bytes
        }
    }
}
