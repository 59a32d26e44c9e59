import Synchronization
import WorkerRuntime

/// A log of one partition in memory, without other workers: what the loop needs to be tried.
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
        var isClosed = false
    }

    private let contents: Mutex<Contents>

    init(state: [LogRecord] = []) { contents = Mutex(Contents(state: state)) }

    var now: Contents { contents.withLock { $0 } }

    func failNextCommits(_ count: Int) { contents.withLock { $0.failuresToCome = count } }

    func enqueue(_ json: String, key: String) {
        let (sink, epoch, record) = contents.withLock { contents in
            let record = LogRecord(
                offset: Int64(contents.jobs.count),
                key: Array(key.utf8),
                value: Array(json.utf8)
            )
            contents.jobs.append(record)
            return (contents.begunFrom == nil ? nil : contents.sink, contents.epoch, record)
        }
        sink?.received(partition: 0, epoch: epoch, [record])
    }

    func start(_ sink: any LogSink) async throws {
        let (state, position, count) = contents.withLock { contents in
            contents.sink = sink
            contents.epoch += 1
            return (contents.state, contents.position, contents.jobs.count)
        }
        sink.partitionCount(1)
        sink.assigned(partition: 0, epoch: now.epoch)
        await sink.restored(partition: 0, epoch: now.epoch, state)
        sink.restoreFinished(partition: 0, epoch: now.epoch, committed: position, low: 0, high: Int64(count))
    }

    func begin(partition: Int32, epoch: UInt32, from offset: Int64) {
        let (sink, records) = contents.withLock { contents in
            contents.begunFrom = offset
            return (contents.sink, Array(contents.jobs.dropFirst(Int(offset))))
        }
        if !records.isEmpty { sink?.received(partition: 0, epoch: epoch, records) }
    }

    func setIntake(isPaused: Bool) {}

    func commit(_ commit: LogCommit) {
        let (sink, fails) = contents.withLock { contents in
            guard contents.failuresToCome == 0 else {
                contents.failuresToCome -= 1
                return (contents.sink, true)
            }
            contents.commits += 1
            for output in commit.outputs {
                switch output.topic {
                case .state:
                    contents.state.append(
                        LogRecord(offset: Int64(contents.state.count), key: output.key, value: output.value)
                    )
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

    func close() async { contents.withLock { $0.isClosed = true } }
}
