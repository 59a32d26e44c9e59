import Testing
import WorkerSamples
import WorkerTelemetry

@testable import ExportCore
@testable import WorkerConsole
@testable import WorkerRuntime

@Suite("Readiness: Kafka")
struct KafkaHealthTests: HealthSuite {
    @Test func failingRestoreBlocksWithItsCause() throws {
        let status = WorkerStatus.sample(partitions: [.sample(3, .restoring)])
        let problem = LogProblem(
            .openTransaction,
            subject: "payout.export.state[3]",
            code: "_TIMED_OUT",
            message: "no progress towards offset 900, at 411"
        )
        let watch = watch(sample(status) { $0.failingRestores = [3: problem] }, at: [0])
        let reason = try #require(watch.health.reasons.first)
        #expect(reason.code == .restoring)
        #expect(reason.severity == .blocking)
        #expect(reason.message.contains("payout.export.state[3]") && reason.message.contains("at 411"))
        #expect(reason.remedy == CodeTexts().remedy(for: problem))
    }

    @Test func partitionWhoseDeliveryCannotBeginBlocksTheWorker() throws {
        let activity = RecentActivity(texts: CodeTexts())
        let problem = LogProblem(.unreachable, subject: "payout.export.jobs", code: "_TIMED_OUT", message: "no leader")
        activity.observe(.beginFailing(partition: 3, problem))
        let status = WorkerStatus.sample(partitions: [.sample(0), .sample(3)])
        let failing = watch(sample(status) { $0.failingBegins = activity.figures.failingBegins }, at: [0])
        let reason = try #require(failing.health.reasons.first)
        #expect(codes(failing) == [.intakeStuck])
        #expect(reason.severity == .blocking && reason.partition == 3)
        #expect(reason.message.contains("no leader"))
        activity.observe(.beginFailing(partition: 3, nil))
        #expect(activity.figures.failingBegins.isEmpty)
        activity.observe(.beginFailing(partition: 3, problem))
        activity.report(.lost(partition: 3, epoch: 1, dropped: 0))
        #expect(activity.figures.failingBegins.isEmpty)
    }

    @Test func producerThatIsNotReadyBlocksAMemberOfTheGroup() throws {
        let problem = LogProblem(
            .hangingTransaction,
            subject: "payout-export-worker.g.w",
            code: "CONCURRENT_TRANSACTIONS",
            message: "Broker: Producer attempted to update a transaction"
        )
        let idle = WorkerStatus.sample(partitions: [])
        let watch = watch(
            sample(idle) {
                $0.isGroupMember = true
                $0.producerProblem = problem
            },
            at: [0]
        )
        let reason = try #require(watch.health.reasons.first)
        #expect(codes(watch) == [.producerNotReady])
        #expect(reason.message.contains("payout-export-worker.g.w"))
        #expect(reason.message.contains("CONCURRENT_TRANSACTIONS"))
        #expect(reason.remedy == CodeTexts().remedy(for: problem))
    }

    @Test(arguments: LogProblem.Cause.allCases)
    func everyProblemWithKafkaHasACodeAndASentence(cause: LogProblem.Cause) {
        let problem = LogProblem(cause, subject: "subject-1", rights: ["Read"], code: "CODE", message: "words")
        #expect(problem.sentence.contains("CODE") && problem.sentence.contains("words"))
        let isBlocked = watch(sample(.sample()) { $0.connectionProblem = problem }, at: [0])
        #expect(codes(isBlocked) == [problem.healthCode])
        #expect(isBlocked.health.reasons.first?.remedy == CodeTexts().remedy(for: problem))
        #expect(isBlocked.health.status == .notReady)
        let isDegraded = watch(
            sample(.sample()) {
                $0.connectionProblem = problem
                $0.connectionProblem?.isPartial = true
            },
            at: [0]
        )
        #expect(isDegraded.health.status == .degraded)
    }

    @Test func producerWithoutConnectionsAddsNoReason() {
        let status = WorkerStatus.sample()
        let watch = watch(
            sample(status) {
                $0.connectionProblem = Self.down
                $0.producerProblem = Self.down
            },
            at: [0]
        )
        #expect(codes(watch) == [.kafkaUnreachable])
    }

    @Test func partialConnectionProblemDoesNotHideTheProducersProblem() {
        let watch = watch(
            sample(.sample()) {
                $0.connectionProblem = Self.down
                $0.connectionProblem?.isPartial = true
                $0.producerProblem = Self.down
            },
            at: [0]
        )
        #expect(Set(codes(watch)) == [.kafkaUnreachable, .producerNotReady])
        #expect(watch.health.status == .notReady)
    }

    static let down = LogProblem(.unreachable, code: "_ALL_BROKERS_DOWN", message: "1/1 brokers are down")

    @Test func silentLeadersDegradeAndBlockIfAllAreSilent() throws {
        let activity = RecentActivity(texts: CodeTexts())
        let problem = LogProblem(.unreachable, code: "_TIMED_OUT", message: "no answer")
        for (isEvery, status) in [(false, HealthReport.Status.degraded), (true, .notReady)] {
            activity.observe(.leadersSilent([3: problem, 1: problem], isEvery: isEvery))
            let figures = activity.figures
            let silent = watch(
                sample(.sample()) {
                    $0.silentLeaders = figures.silentLeaders
                    $0.areAllLeadersSilent = figures.areAllLeadersSilent
                },
                at: [0]
            )
            let reason = try #require(silent.health.reasons.first)
            #expect(silent.health.status == status)
            #expect(reason.code == .kafkaUnreachable)
            #expect(reason.message.contains("2 partitions of the jobs topic (1, 3)"))
        }
        activity.observe(.leadersSilent([:], isEvery: true))
        #expect(activity.figures.silentLeaders.isEmpty)
    }

    @Test func silentLeadersWithoutConnectionsAddNoReason() {
        let silent = watch(
            sample(.sample()) {
                $0.connectionProblem = Self.down
                $0.silentLeaders = [0: Self.down]
                $0.areAllLeadersSilent = true
            },
            at: [0]
        )
        #expect(silent.health.reasons.count == 1)
    }
}
