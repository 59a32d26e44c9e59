import ExportCore
import ExportRecords
import Synchronization
import WorkerRuntime

/// A log of one partition in memory, without other workers, for tests of the loop.
final class MemoryLog: LogPort {
    struct Contents: Sendable {
        var sink: (any LogSink)?
        var epoch: UInt32 = 0
        var jobs: [LogRecord] = []
        var state: [LogRecord] = []
        var results: [LogOutput] = []
        var deadLetters: [LogOutput] = []
        var position: Int64?
        var begunFrom: Int64?
        var commits = 0
        var failuresToCome = 0
        /// Selects records that the brokers refuse, whatever their size.
        var refuses: @Sendable (LogOutput) -> Bool = { _ in false }
        var hasStopped = false
        var isClosed = false
        var timeToClose: Duration?
        var startError: (any Error)?
    }

    private let contents: Mutex<Contents>

    init(state: [LogRecord] = []) { contents = Mutex(Contents(state: state)) }

    var now: Contents { contents.withLock { $0 } }

    func failNextCommits(_ count: Int) { contents.withLock { $0.failuresToCome = count } }

    func limit(_ limits: OutputLimits) { now.sink?.limitsChanged(limits) }

    func refuse(_ refuses: @escaping @Sendable (LogOutput) -> Bool) { contents.withLock { $0.refuses = refuses } }

    func enqueue(_ json: String, key: String) {
        let (sink, epoch, record) = contents.withLock { contents in
            let content = OriginalRecord(key: Array(key.utf8), value: Array(json.utf8))
            let record = LogRecord(offset: Int64(contents.jobs.count), content)
            contents.jobs.append(record)
            return (contents.begunFrom == nil ? nil : contents.sink, contents.epoch, record)
        }
        sink?.received(partition: 0, epoch: epoch, [record])
    }

    /// Lets the start fail.
    func refuseStart(_ error: any Error) { contents.withLock { $0.startError = error } }

    func start(_ sink: any LogSink) async throws {
        if let error = now.startError { throw error }
        let (state, position, count) = contents.withLock { contents in
            contents.sink = sink
            contents.epoch += 1
            return (contents.state, contents.position, contents.jobs.count)
        }
        sink.partitionCount(1)
        sink.assigned(partition: 0, epoch: now.epoch)
        await sink.restored(partition: 0, epoch: now.epoch, state)
        sink.restoreFinished(
            partition: 0,
            epoch: now.epoch,
            RestoredEnds(committed: position, low: 0, high: Int64(count))
        )
    }

    func stopped(partition: Int32, epoch: UInt32) { contents.withLock { $0.hasStopped = true } }

    func begin(partition: Int32, epoch: UInt32, from position: JobsPosition) {
        let offset = position.offset
        let (sink, records) = contents.withLock { contents in
            contents.begunFrom = offset
            return (contents.sink, Array(contents.jobs.dropFirst(Int(offset))))
        }
        if !records.isEmpty { sink?.received(partition: 0, epoch: epoch, records) }
    }

    func setIntake(isPaused: Bool) {}

    func commit(_ commit: LogCommit) {
        let (refuses, port) = contents.withLock { ($0.refuses, $0.sink) }
        let refused = commit.outputs.indices.filter { refuses(commit.outputs[$0]) }
        guard refused.isEmpty else {
            port?.commitRefused(commit.id, outputs: refused, reason: "as the test wants it")
            return
        }
        let (sink, fails) = contents.withLock { contents in
            guard contents.failuresToCome == 0 else {
                contents.failuresToCome -= 1
                return (contents.sink, true)
            }
            contents.commits += 1
            for output in commit.outputs {
                switch output.topic {
                case .state:
                    let content = OriginalRecord(key: output.record.key, value: output.record.value)
                    contents.state.append(LogRecord(offset: Int64(contents.state.count), content))
                case .results: contents.results.append(output)
                case .deadLetter: contents.deadLetters.append(output)
                }
            }
            for position in commit.positions { contents.position = position.offset }
            return (contents.sink, false)
        }
        if fails {
            sink?.commitFailed(commit.id, reason: "as the test wants it")
        } else {
            sink?.committed(commit.id, seconds: 0.001)
        }
    }

    func release(partition: Int32, epoch: UInt32) {}

    func close(within bound: Duration) async {
        contents.withLock { contents in
            contents.isClosed = true
            contents.timeToClose = bound
        }
    }
}
