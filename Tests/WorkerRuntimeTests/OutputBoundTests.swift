import ExportRecords
import Testing

@testable import ExportCore
@testable import WorkerRuntime

/// No written record is larger than its topic accepts.
@Suite struct OutputBoundTests {
    private let codec = RecordCodec(groupID: "group", jobsTopic: "jobs")
    private let times = JobTimes(accepted: Instant(milliseconds: 0), finished: Instant(milliseconds: 1))

    private func limit(_ change: (inout OutputLimits) -> Void) {
        var limits = OutputLimits()
        change(&limits)
        codec.limits.value = limits
    }

    private func batch(_ records: OutputRecord...) -> CommitBatch {
        CommitBatch(id: 7, records: records, positions: [])
    }

    private func letter(bytes: Int, headers: Int = 0, key: Int = 1) -> OutputRecord {
        .deadLetter(
            DeadLetter(
                original: OriginalRecord(
                    key: [UInt8](repeating: 0, count: key),
                    value: [UInt8](repeating: 0, count: bytes),
                    headers: [.init(name: "h", value: [UInt8](repeating: 0, count: headers))]
                ),
                partition: 0,
                offset: 0,
                reason: "no job"
            )
        )
    }

    private func event(metadata: Int, filter: Int = 0, code: JobErrorCode? = nil) -> OutputRecord {
        let job = ExportJob(
            id: "job",
            kind: .payments,
            filter: String(repeating: "f", count: filter),
            metadataJSON: "{\"k\":\"" + String(repeating: "m", count: metadata) + "\"}"
        )
        return .event(
            partition: 0,
            CompletionEvent(
                jobID: "job",
                status: code == nil ? .completed : .failed,
                source: RecordSource(partition: 0, offset: 0),
                job: job,
                error: code.map { JobError(code: $0, message: "why") },
                times: times
            )
        )
    }

    @Test func oversizedDeadLetterLosesItsValueOnFirstAttempt() {
        limit { $0.deadLetter = 2_000 }
        let encoded = codec.encode(batch(letter(bytes: 100), letter(bytes: 5_000)))
        #expect(encoded.forms == [.whole, .reduced])
        #expect(encoded.refusals.isEmpty)
        #expect(encoded.commit.outputs.allSatisfy { $0.byteCount <= 2_000 })
    }

    @Test func deadLetterWithOversizedHeadersOrKeyLosesThem() {
        limit { $0.deadLetter = 2_000 }
        let encoded = codec.encode(batch(letter(bytes: 1, headers: 5_000), letter(bytes: 1, key: 5_000)))
        #expect(encoded.forms == [.short, .least])
        #expect(encoded.commit.outputs.allSatisfy { $0.byteCount <= 2_000 })
    }

    @Test func oversizedEventLosesOnlyItsMetadata() throws {
        limit { $0.results = 2_000 }
        let encoded = codec.encode(batch(event(metadata: 16_000)))
        #expect(encoded.refusals.isEmpty)
        let document = try EventDecoder().decode(value: encoded.commit.outputs.first?.record.value)
        #expect(document.omitted == ["metadata"])
        #expect(document.status == "completed")
    }

    @Test(arguments: [(300, [OutputForm.withoutColumns]), (16_000, [.reduced])])
    func oversizedEventLosesItsColumnsFirst(metadata: Int, forms: [OutputForm]) throws {
        limit { $0.results = 2_000 }
        guard case .event(_, var completed) = event(metadata: metadata) else { return }
        let columns = (0..<1_000).map { "column \($0)" }
        completed.files = [
            ExportFile(
                location: "l",
                stored: true,
                fileName: "f",
                content: FileContent(rows: 1, columns: columns, delimiter: ",")
            )
        ]
        let encoded = codec.encode(batch(.event(partition: 0, completed)))
        #expect(encoded.forms == forms)
        let document = try EventDecoder().decode(value: encoded.commit.outputs.first?.record.value)
        #expect(document.omitted?.first == "files.content.columns")
        #expect(document.metadata.isEmpty == (forms == [.reduced]))
    }

    @Test func eventTooLargeWithoutMetadataIsRefused() {
        limit { $0.results = 2_000 }
        let encoded = codec.encode(batch(event(metadata: 10), event(metadata: 10, filter: 5_000)))
        #expect(encoded.refusals == [OutputRefusal(index: 1, form: .short)])
        let end = codec.encode(batch(event(metadata: 10, filter: 5_000, code: .tooLarge)))
        #expect(end.refusals.isEmpty)
        #expect(end.forms == [.least])
    }

    /// Kafka's own size of a record alone in a batch: 61 bytes of header, then lengths as varints.
    @Test func computedSizeIsNeverBelowKafkasSize() {
        let output = LogOutput(
            topic: .results,
            partition: nil,
            OutgoingRecord(
                key: [UInt8](repeating: 0, count: 300),
                value: [UInt8](repeating: 0, count: 70_000),
                headers: [OriginalRecord.Header(name: "name", value: [1, 2, 3])]
            )
        )
        let record = 1 + 1 + 1 + 2 + 300 + 3 + 70_000 + 1 + (1 + 4 + 1 + 3)
        #expect(output.byteCount >= 61 + 3 + record)
        #expect(output.byteCount < 61 + 3 + record + 100)
    }

    @Test func jobWithOversizedStateRecordIsRefusedAtIntake() {
        limit { $0.state = 10_000 }
        func decode(metadata: Int) -> JobInput {
            let text = String(repeating: "m", count: metadata)
            let json = #"{"jobId":"a","kind":"payments","metadata":{"k":"\#(text)"}}"#
            return codec.decodeJob(LogRecord(offset: 0, OriginalRecord(key: Array("a".utf8), value: Array(json.utf8))))
        }
        guard case .export = decode(metadata: 100).content else {
            Issue.record("the small job was refused")
            return
        }
        let refused = decode(metadata: 12_000)
        #expect(refused.code == .tooLarge)
        guard case .unreadable("a", let reason, _, _) = refused.content else {
            Issue.record("the large job was accepted")
            return
        }
        #expect(reason.contains("max.message.bytes of the state topic"))
    }

    @Test func pauseIsRefusedWhereItsRecordCouldBeTooLarge() {
        let json = #"{"action":"pause","reason":"why"}"#
        let record = LogRecord(
            offset: 0,
            OriginalRecord(key: Array("@control".utf8), value: Array(json.utf8))
        )
        limit { $0.state = 8_192 }
        guard case .pause = codec.decodeJob(record).content else {
            Issue.record("the pause was refused")
            return
        }
        limit { $0.state = 8_191 }
        let refused = codec.decodeJob(record)
        #expect(refused.code == .tooLarge)
        guard case .unreadable(nil, let reason, _, _) = refused.content else {
            Issue.record("the pause was accepted")
            return
        }
        #expect(reason.contains("the state topic accepts 8191"))
    }

    /// The largest record of pauses that the core permits.
    @Test func recordOfPausesIsSmallerThanItsLimit() {
        let pauses = (0..<64).map { number in
            JobPause(
                target: PauseTarget(account: String(repeating: "a", count: 32), kind: .transactionHistory),
                until: Instant(milliseconds: 4_102_444_800_000 + Int64(number)),
                reason: String(repeating: "r", count: 32),
                holdsCalls: true,
                since: Instant(milliseconds: 4_102_444_800_000)
            )
        }
        let encoded = codec.encode(batch(.state(partition: 0, .pauses(pauses))))
        #expect(encoded.commit.outputs[0].byteCount < JobPause.recordLimit)
    }

    // MARK: Answers of the service

    private let huge = String(repeating: "x", count: 300_000)

    @Test func tooLongRequestIDFailsCallWithoutTruncation() throws {
        guard case .failed(.refused(let message)) = CallResult.created(requestID: huge).bounded() else {
            Issue.record("the call did not fail")
            return
        }
        #expect(message.contains("request id has 300000 bytes"))
        #expect(message.utf8.count < 500)
    }

    @Test func tooLongURLOrLocationFailsCall() {
        let file = ExportFile(location: huge, stored: true, fileName: "a")
        for result in [.polled(.completed, url: huge, expiresAt: nil), .stored(file)] as [CallResult] {
            guard case .failed(.refused(let message)) = result.bounded() else {
                Issue.record("the call did not fail")
                continue
            }
            #expect(message.contains("300000 bytes"))
        }
    }

    @Test func textsForPeopleAreTruncated() {
        let failures: [CallFailure] = [
            .transient(message: huge), .refused(message: huge), .account(.locked(message: huge)),
            .account(.refused(message: huge)), .storeUnavailable(message: huge),
        ]
        for failure in failures {
            guard case .failed(let bounded) = CallResult.failed(failure).bounded() else { continue }
            #expect("\(bounded)".utf8.count < 4_300)
        }
        let entries = (0..<200).map { _ in ArchiveEntry(name: String(repeating: "n", count: 1_000), sizeBytes: 1) }
        let file = ExportFile(location: "l", stored: true, fileName: huge, mediaType: huge, entries: entries)
        guard case .stored(let bounded) = CallResult.stored(file).bounded() else {
            Issue.record("the call with a long file name failed")
            return
        }
        #expect(bounded.fileName.utf8.count <= 1_024)
        #expect(bounded.entries.isEmpty)
    }

    @Test(arguments: [[String(repeating: "n", count: 16_385)], (0...1_024).map { "\($0)" }])
    func tooManyColumnNamesAreLeftOut(columns: [String]) {
        var file = ExportFile(location: "l", stored: true, fileName: "f")
        file.content = FileContent(rows: 4, columns: columns, headerSHA256: "9f86", delimiter: ",")
        guard case .stored(let bounded) = CallResult.stored(file).bounded() else {
            Issue.record("the call with many columns failed")
            return
        }
        #expect(bounded.content?.columns == nil)
        #expect(bounded.content?.rows == 4)
        #expect(bounded.content?.headerSHA256 == "9f86")
    }
}
