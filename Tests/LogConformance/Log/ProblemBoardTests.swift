import Dispatch
import ExportCore
import Foundation
import KafkaClient
import Synchronization
import Testing
import TestSupport
import WorkerRuntime

@testable import WorkerKafka

@Suite struct ProblemBoardTests {
    private static let configuration = KafkaLogConfiguration(
        kafka: KafkaConfiguration(bootstrapServers: "127.0.0.1:1"),
        groupID: "fleet",
        workerID: "worker-1"
    )

    private func error(_ code: KafkaErrorCode, topic: String? = nil) -> KafkaError {
        KafkaError(fault: .retry, code: code, message: "words", operation: "use Kafka client", topic: topic)
    }

    private func problem(_ code: KafkaErrorCode, topic: String? = nil) -> LogProblem {
        LogProblem(error(code, topic: topic), Self.configuration)
    }

    @Test func mostSpecificCauseIsReportedInAnyOrder() {
        let codes: [KafkaErrorCode] = [.allBrokersDown, .badMessage, .encryption, .authentication]
        for order in permutations(codes) {
            var board = ProblemBoard()
            for code in order { board.add(problem(code), at: .now) }
            #expect(board.worst(at: .now)?.cause == .authentication, "\(order)")
        }
    }

    @Test func reasonOfTheLastBrokerReplacesAllBrokersDown() {
        for hintFirst in [true, false] {
            var board = ProblemBoard()
            if hintFirst { board.addHint(problem(.unresolved), at: .now) }
            #expect(board.worst(at: .now) == nil, "one broker alone is no problem")
            board.add(problem(.allBrokersDown), at: .now)
            if !hintFirst { board.addHint(problem(.unresolved), at: .now) }
            #expect(board.worst(at: .now)?.cause == .unresolved)
            board.connected(at: .now)
            #expect(board.worst(at: .now) == nil)
        }
    }

    @Test func refusedCredentialsStayPartialWhileOtherConnectionsWork() {
        var board = ProblemBoard()
        let start = ContinuousClock.now
        board.add(problem(.authentication), at: start)
        board.connected(at: start + .seconds(1))
        #expect(board.worst(at: start)?.cause == .authentication)
        #expect(board.worst(at: start)?.isPartial == true)
        board.connected(at: start + ProblemBoard.refusalMemory)
        #expect(board.worst(at: start) == nil)
    }

    @Test func refusedCredentialsStopTheWorkerOnceAllConnectionsAreDown() {
        var board = ProblemBoard()
        let start = ContinuousClock.now
        board.add(problem(.authentication), at: start)
        board.connected(at: start + .seconds(1))
        #expect(board.worst(at: start)?.isPartial == true)
        board.add(problem(.allBrokersDown), at: start + .seconds(2))
        #expect(board.worst(at: start)?.cause == .authentication)
        #expect(board.worst(at: start)?.isPartial == false)
    }

    @Test func stoppingProblemIsReportedBeforeAMoreSpecificPartialOne() {
        var board = ProblemBoard()
        var address = LogProblem(.brokerAddress, subject: "broker:9092", code: "CODE", message: "words")
        address.isPartial = true
        board.add(address, at: .now)
        #expect(board.worst(at: .now)?.cause == .brokerAddress)
        board.add(problem(.allBrokersDown), at: .now)
        #expect(board.worst(at: .now)?.cause == .unreachable)
        board.connected(at: .now)
        #expect(board.worst(at: .now)?.cause == .brokerAddress)
    }

    @Test func missingRightRemainsWhileBrokersAnswer() {
        var board = ProblemBoard()
        board.add(problem(.topicAuthorizationFailed, topic: "payout.export.jobs"), at: .now)
        board.add(problem(.groupAuthorizationFailed), at: .now)
        board.connected(at: .now)
        #expect(board.worst(at: .now)?.cause == .topicRights || board.worst(at: .now)?.cause == .groupRights)
        board.clear(.group)
        #expect(board.worst(at: .now)?.rights == ["Read", "Describe"])
        #expect(board.worst(at: .now)?.subject == "payout.export.jobs")
        board.clear(.topic("payout.export.jobs"))
        #expect(board.worst(at: .now) == nil)
    }

    @Test(arguments: [
        (KafkaErrorCode.inconsistentGroupProtocol, LogProblem.Cause.groupProtocol, "fleet", [String]()),
        (.groupAuthorizationFailed, .groupRights, "fleet", ["Read"]),
        (
            .transactionalIDAuthorizationFailed, .transactionalIDRights, "payout-export-worker.fleet.worker-1",
            ["Write", "Describe"]
        ),
        (.clusterAuthorizationFailed, .clusterRights, "", ["IdempotentWrite"]),
        (.badMessage, .notKafka, "", []), (.encryption, .encryption, "", []),
        (.authentication, .authentication, "", []),
        (.concurrentTransactions, .hangingTransaction, "payout-export-worker.fleet.worker-1", []),
    ])
    func theCodeDecidesCauseSubjectAndRights(
        code: KafkaErrorCode,
        cause: LogProblem.Cause,
        subject: String,
        rights: [String]
    ) {
        let found = problem(code)
        #expect(found.cause == cause)
        #expect(found.subject == subject)
        #expect(found.rights == rights)
        #expect(found.code == code.name)
    }

    @Test(arguments: [
        ("payout.export.jobs", ["Read", "Describe"]), ("payout.export.state", ["Read", "Write", "Describe"]),
        ("payout.export.results", ["Write", "Describe"]), ("payout.export.dead-letter", ["Write", "Describe"]),
    ])
    func theRightsOfATopicAreThoseThatAWorkerNeedsThere(topic: String, rights: [String]) {
        #expect(problem(.topicAuthorizationFailed, topic: topic).rights == rights)
    }

    @Test func sinkReceivesTheRecoveryAfterTheOutage() async throws {
        let sink = ReentrantSink()
        let monitor = ConnectionMonitor(
            Self.configuration,
            probes: ConnectionMonitor.Probes {
                self.error(.allBrokersDown)
            } topic: { _ in
                nil
            },
            sink: sink,
            interval: .seconds(3_600)
        )
        // While the sink receives the first report, another thread reports that a broker answers.
        sink.meanwhile.withLock { $0 = { monitor.connected() } }
        monitor.failed(error(.allBrokersDown))
        try await eventually("both reports") { sink.causes.count == 2 }
        #expect(sink.causes == [.unreachable, nil])
        monitor.stop()
    }

    @Test func refusedRightCountsAsAnAnswerOfTheBroker() async throws {
        let sink = RecordingSink()
        let monitor = ConnectionMonitor(
            Self.configuration,
            probes: ConnectionMonitor.Probes {
                self.error(.topicAuthorizationFailed)
            } topic: { _ in
                nil
            },
            sink: sink,
            interval: .milliseconds(1)
        )
        monitor.failed(error(.allBrokersDown))
        try await eventually("the connection is back") {
            sink.now.connections.map { $0?.cause } == [.unreachable, nil]
        }
        monitor.stop()
    }

    /// The client names a topic in its message only, and a problem without a subject could never be resolved.
    @Test func missingTopicWithoutANameIsTheJobsTopic() async throws {
        let sink = RecordingSink()
        let monitor = ConnectionMonitor(
            Self.configuration,
            probes: ConnectionMonitor.Probes {
                nil
            } topic: { topic in
                topic == Self.configuration.topics.jobs ? .success(()) : nil
            },
            sink: sink,
            interval: .milliseconds(1)
        )
        monitor.failed(error(.unknownTopicOrPartition))
        #expect(sink.now.connections.first??.subject == Self.configuration.topics.jobs)
        try await eventually("the problem is over") { sink.now.connections.map { $0?.cause } == [.topicMissing, nil] }
        monitor.stop()
    }

    @Test func groupProblemEndsWhenTheGroupAnswersItsMember() async throws {
        let sink = RecordingSink()
        let answers = Mutex(false)
        let monitor = ConnectionMonitor(
            Self.configuration,
            probes: ConnectionMonitor.Probes {
                nil
            } topic: { _ in
                nil
            } group: {
                answers.withLock { $0 }
            },
            sink: sink,
            interval: .milliseconds(1)
        )
        monitor.failed(error(.groupAuthorizationFailed))
        #expect(sink.now.connections.map { $0?.cause } == [.groupRights])
        answers.withLock { $0 = true }
        try await eventually("the problem is over") { sink.now.connections.map { $0?.cause } == [.groupRights, nil] }
        monitor.stop()
    }

    private func permutations<Element>(_ elements: [Element]) -> [[Element]] {
        guard elements.count > 1 else { return [elements] }
        return elements.indices.flatMap { index in
            var rest = elements
            let first = rest.remove(at: index)
            return permutations(rest).map { [first] + $0 }
        }
    }
}

/// Lets another thread act while it receives the first report, and gives it the time to overtake.
private final class ReentrantSink: LogSink {
    let meanwhile = Mutex<(@Sendable () -> Void)?>(nil)
    private let heard = Mutex<[LogProblem.Cause?]>([])

    var causes: [LogProblem.Cause?] { heard.withLock { $0 } }

    func connection(problem: LogProblem?) {
        let action = meanwhile.withLock { action in
            defer { action = nil }
            return action
        }
        if let action {
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                action()
                done.signal()
            }
            _ = done.wait(timeout: .now() + 0.3)
        }
        heard.withLock { $0.append(problem?.cause) }
    }

    func partitionCount(_ count: Int) {}
    func assigned(partition: Int32, epoch: UInt32) {}
    func restored(partition: Int32, epoch: UInt32, _ records: [LogRecord]) async {}
    func restoreFinished(partition: Int32, epoch: UInt32, _ ends: RestoredEnds) {}
    func restoreFailed(partition: Int32, epoch: UInt32, _ reason: StopReason) {}
    func anchored(partition: Int32, epoch: UInt32, _ mark: JobsMark) {}
    func discontinuity(partition: Int32, epoch: UInt32, _ reason: StopReason) {}
    func limitsChanged(_ limits: OutputLimits) {}
    func received(partition: Int32, epoch: UInt32, _ records: [LogRecord]) {}
    func jobsEnd(partition: Int32, epoch: UInt32, _ end: JobsEnd) {}
    func committed(_ id: UInt64, seconds: Double) {}
    func commitFailed(_ id: UInt64, reason: String) {}
    func commitRefused(_ id: UInt64, outputs: [Int], reason: String) {}
    func generationChanged() {}
    func revoked(_ partitions: [Int32]) {}
    func lost(_ partitions: [Int32]) {}
    func failed(_ cause: WorkerFailure.Cause) {}
}
