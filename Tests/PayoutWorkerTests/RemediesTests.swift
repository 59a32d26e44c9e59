import ArgumentParser
import ExportCore
import FileStores
import Testing
import WorkerConsole
import WorkerRuntime
import WorkerTelemetry

@testable import WorkerExports
@testable import WorkerKafka
@testable import payout_worker

@Suite("Remedies")
struct RemediesTests {
    private static let stops: [StopReason] = [
        .stateUnreadable(offset: 3, cause: "why"), .statePartitionMissing,
        .stateReadTooSlow(seconds: 9, tombstonesKept: 60_000), .jobsEndBelowPosition(position: 9, end: 4),
        .jobsReplaced(offset: 8),
        .stateMissing(committed: 9), .stateTruncated(start: 3), .stateIncomplete, .stateRefused,
    ]
    private static let accounts: [AccountProblem] = [
        .refused(message: "m"), .mfaRequired(message: "m"), .locked(message: "m"),
    ]
    private static let consoles: [ConsoleServerError] = [
        .addressInUse(host: "h", port: 1), .unknownHost("h"), .foreignAddress("h"), .notPermitted(host: "h", port: 1),
        .notListening(host: "h", port: 1, reason: "r"),
    ]
    private static let failures: [WorkerFailure.Cause] = [
        .workerIDInUse(workerID: "w", groupID: "g"), .groupProtocolRefused("why"), .consumerFailed("why"),
    ]
    private let texts = Remedies()

    private func problem(_ cause: LogProblem.Cause) -> LogProblem {
        LogProblem(cause, subject: "subject-1", rights: ["Read", "Describe"], code: "CODE", message: "message")
    }

    @Test func everyCodeHasARemedyInSentences() {
        var sentences = Situation.allCases.map { texts.remedy(for: $0) }
        sentences += LogProblem.Cause.allCases.map { texts.remedy(for: problem($0)) }
        sentences += JobErrorCode.allCases.map { texts.remedy(for: $0) }
        sentences += IntakePause.allCases.flatMap { [texts.remedy(for: $0), texts.explanation(of: $0)] }
        sentences += Self.accounts.map { texts.remedy(for: $0) }
        sentences += Self.stops.map { texts.remedy(for: $0, partition: 2) }
        sentences += FileStoreError.Kind.allCases.map(\.remedy)
        sentences += Self.failures.map { texts.sentence(for: WorkerFailure($0)) }
        sentences += Self.consoles.map { texts.sentence(for: $0) }
        for sentence in sentences {
            #expect(sentence.first?.isUppercase == true && sentence.hasSuffix("."), "\(sentence)")
        }
    }

    @Test func stoppedPartitionNamesTheCommandThatContinues() {
        for reason in [StopReason.jobsEndBelowPosition(position: 9, end: 4), .jobsReplaced(offset: 8)] {
            let remedy = texts.remedy(for: reason, partition: 2)
            #expect(remedy.contains("payout-worker topics recover --partition 2 --from beginning"))
            #expect(remedy.contains("--from end"))
        }
        for reason in [StopReason.stateMissing(committed: 9), .stateTruncated(start: 3), .stateIncomplete] {
            let remedy = texts.remedy(for: reason, partition: 2)
            #expect(remedy.contains("payout-worker topics recover --partition 2 --from"))
            #expect(remedy.contains("cleanup.policy=compact"))
        }
    }

    @Test func transactionThatDoesNotEndNamesTheTool() {
        for cause in [LogProblem.Cause.hangingTransaction, .openTransaction] {
            #expect(texts.remedy(for: problem(cause)).contains("kafka-transactions.sh"))
        }
        #expect(texts.remedy(for: .openTransaction).contains("kafka-transactions.sh"))
    }

    /// Commands are printed to be copied, so they must mean the job, whatever its id and its batch are.
    @Test(arguments: [(nil, "job-1"), ("fy26", "job-1"), ("-fy26", "-job")] as [(String?, String)])
    func commandsOfAJobAreAccepted(batch: String?, id: String) throws {
        var job = ExportJob(id: id, kind: .payments)
        job.account = "-emea"
        job.batch = batch.map { JobBatch(id: $0, size: 2) }
        var record = JobRecord(
            job: job,
            offset: 1,
            phase: .waiting,
            times: JobTimes(accepted: Instant(milliseconds: 0))
        )
        record.requestID = "-r"
        let commands = texts.commands(for: record).map { $0.split(separator: " ").dropFirst().map(String.init) }
        #expect(commands.count == 3)
        let show = try #require(try PayoutWorker.parseAsRoot(commands[0]) as? JobsShowCommand)
        #expect(show.jobID == id)
        let cancel = try #require(try PayoutWorker.parseAsRoot(commands[1]) as? CancelCommand)
        #expect(cancel.jobIDs == [id] && cancel.batch == batch)
        _ = try PayoutWorker.parseAsRoot(commands[2])
    }

    @Test func failureOfTheWorkerNamesItsCauseOnce() {
        func sentence(_ cause: WorkerFailure.Cause) -> String { texts.sentence(for: WorkerFailure(cause)) }
        #expect(sentence(.consumerFailed("why")).contains("cannot continue: why. Restart"))
        #expect(sentence(.groupProtocolRefused("why")).contains("'consumer': why. Set KAFKA_"))
        #expect(sentence(.notStarted("why")) == "why")
    }

    @Test func fileThatIsNoExportNamesTheCommandThatDownloadsIt() {
        let sentence = texts.sentence(for: UnsuitableFile(kind: "payments", requestID: "r-1", signature: "ff"))
        #expect(sentence.contains("'payout-worker export download --kind payments r-1'"))
    }

    @Test func topicFindingsNameTheCommandThatRepairsThem() {
        let faults: [(TopicRole, TopicFinding.Fault, String)] = [
            (.results, .missing, "payout-worker topics create"),
            (.jobs, .missingBeside("s"), "topics recover --all --from beginning"),
            (.state, .missingBeside("j"), "topics recover --all --from beginning"),
            (.state, .truncated([1, 2]), "--dry-run"), (.state, .partitions(1, jobsTopic: "j", jobs: 2), "create"),
            (.state, .partitions(2, jobsTopic: "j", jobs: 1), "--topic j --partitions 2"),
            (.jobs, .leaderless([1]), "--unavailable-partitions"),
            (.jobs, .copiesBehind(partition: 1, inSync: 1, copies: 2), "--under-replicated-partitions"),
            (.state, .cleanup(["delete"]), "--entity-name t --add-config cleanup.policy=compact"),
            (.jobs, .cleanup(["compact"]), "cleanup.policy=delete"),
            (.state, .tombstoneRetention(1), "delete.retention.ms=86400000"),
            (.jobs, .inSyncReplicas(minimum: 3, copies: 3), "min.insync.replicas=2"),
            (.jobs, .inSyncReplicas(minimum: 1, copies: 3), "min.insync.replicas=2"),
            (.state, .recordBytes(limit: 1, largest: 2), "max.message.bytes=1048588"),
            (.deadLetter, .deadLetterBytes(limit: 1, jobsTopic: "j", jobs: 9_000_000), "max.message.bytes=18000000"),
        ]
        for (role, fault, part) in faults {
            let finding = TopicFinding(role: role, topic: "t", fault: fault)
            #expect(finding.remedy.contains(part) && !finding.message.hasSuffix("."), "\(finding)")
        }
    }

    @Test func missingRightsAreNamedWithTheirSubject() {
        let remedy = texts.remedy(for: problem(.topicRights))
        #expect(remedy.contains("the right Read and Describe on the topic 'subject-1'"))
    }

    @Test func signInProblemsNameTheCommand() {
        for problem in [AccountProblem.refused(message: "m"), .mfaRequired(message: "m")] {
            #expect(texts.remedy(for: problem).contains("payout-worker sign-in"))
        }
        #expect(texts.remedy(for: .callsPartlyRefused).contains("payout-worker sign-in"))
        #expect(texts.remedy(for: .refreshTokenExpiring).contains("payout-worker sign-in"))
        #expect(texts.remedy(for: .refreshTokenNotSaved).contains("PAYOUT_API_REFRESH_TOKEN_SAVED_IN"))
    }

    @Test func consoleThatCannotListenNamesItsSetting() {
        let (inUse, unknown) = (ConsoleServerError.addressInUse(host: "127.0.0.1", port: 80), "no-such-host")
        #expect(texts.sentence(for: inUse).contains("127.0.0.1:80") && texts.sentence(for: inUse).contains("HTTP_PORT"))
        for error in [ConsoleServerError.unknownHost(unknown), .foreignAddress(unknown)] {
            #expect(texts.sentence(for: error).contains(unknown) && texts.sentence(for: error).contains("HTTP_HOST"))
        }
    }
}
