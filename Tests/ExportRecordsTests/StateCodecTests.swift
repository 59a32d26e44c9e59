import ExportCore
import Foundation
import SwiftProtobuf
import Testing
import TestSupport

@testable import ExportRecords

@Suite("State records")
struct StateCodecTests {
    private let codec = StateCodec()

    private func roundTrip(_ record: StateRecord) throws -> StateRecord {
        let written = codec.encode(record)
        return try codec.decode(key: written.key, value: written.value)
    }

    // MARK: Round trips

    @Test(arguments: 0..<8) func randomRecordsRoundTrip(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<300 {
            let record = StateRecord.job(.random(using: &generator))
            #expect(try roundTrip(record) == record)
        }
    }

    @Test(arguments: [0, 1, 123_456_789_012, Int64.max]) func positionsRoundTrip(offset: Int64) throws {
        for timestamp in [nil, 0, -1, 1_795_305_600_000] as [Int64?] {
            for generation in [0, 1, UInt32.max] {
                let anchor = timestamp.map { JobsMark(offset: 3, timestamp: $0) }
                var position = JobsPosition(generation: generation, offset: offset)
                (position.timestamp, position.anchor) = (timestamp, anchor)
                #expect(try roundTrip(.position(position)) == .position(position))
                let origin = StateOrigin(position: position, stateStart: offset)
                #expect(try roundTrip(.origin(origin)) == .origin(origin))
            }
        }
    }

    @Test func recordsWithoutGenerationAreRead() throws {
        let url = try #require(samples("state/v1", suffix: "bin")["position"])
        let record = try codec.decode(key: Array("@position".utf8), value: Array(Data(contentsOf: url)))
        guard case .position(let position) = record else { throw StateDecodingError.missingPosition(key: "@position") }
        #expect(position.generation == 0)
        #expect(position.timestamp == nil)
        #expect(position.offset > 0)
    }

    @Test func forgottenJobIsEncodedAsTombstone() throws {
        let written = codec.encode(.forgotten(id: "a"))
        #expect(written == OutgoingRecord(key: Array("a".utf8), value: nil))
        #expect(try roundTrip(.forgotten(id: "a")) == .forgotten(id: "a"))
    }

    @Test func workerKeysAreNotJobIDs() {
        #expect(!JobLimits.isJobID(StateCodec.positionKey))
        #expect(!JobLimits.isJobID(StateCodec.originKey))
        #expect(codec.encode(.position(JobsPosition(offset: 1))).key == Array("@position".utf8))
        #expect(codec.encode(.origin(StateOrigin(position: JobsPosition()))).key == Array("@origin".utf8))
    }

    // MARK: Golden samples

    @Test(arguments: [("state/v1", 14), ("state/v2", 6), ("state/v3", 4)])
    func goldenSamplesAreThere(folder: String, least: Int) {
        #expect(samples(folder).count >= least)
        #expect(samples(folder, suffix: "bin").count == samples(folder).count - 1)
    }

    @Test(arguments: (1...3).map { "state/v\($0)" }.flatMap { at in samples(at).keys.sorted().map { (at, $0) } })
    func readsGoldenSample(folder: String, name: String) throws {
        let url = try #require(samples(folder)[name])
        let description = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        let key = Array(try #require(description["key"] as? String).utf8)
        let bytes = try samples(folder, suffix: "bin")[name].map { Array(try Data(contentsOf: $0)) }
        let record = try codec.decode(key: key, value: bytes)
        guard let bytes else {
            let expected: [String: StateRecord] = [
                "batch-forgotten": .batchForgotten(id: "fy26"), "pauses-ended": .pauses([]),
            ]
            #expect(record == expected[name] ?? .forgotten(id: String(decoding: key, as: UTF8.self)))
            return
        }
        let json = try JSONSerialization.data(withJSONObject: try #require(description["value"]))
        #expect(try ProtoStateRecord(serializedBytes: bytes) == ProtoStateRecord(jsonUTF8Bytes: json))
        #expect(try roundTrip(record) == record)
        #expect(codec.encode(record).value == bytes)
        if case .job(let job) = record { #expect(name.hasPrefix(job.phase.name)) }
    }

    @Test func goldenSampleHasExpectedFields() throws {
        let url = try #require(samples("state/v1", suffix: "bin")["finished-completed-zip"])
        let accepted: Int64 = 1_795_305_600_000
        let expected = JobRecord(
            job: ExportJob(id: "zip_1", kind: .payments, fileFormat: .tsv, account: "contoso", maxAttempts: 1),
            offset: 0,
            phase: .finished,
            attempt: 1,
            requestID: "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4",
            times: JobTimes(
                accepted: Instant(milliseconds: accepted),
                submitted: Instant(milliseconds: accepted + 1_500),
                ready: Instant(milliseconds: accepted + 3_600_000),
                finished: Instant(milliseconds: accepted + 3_661_250)
            ),
            status: .completed,
            files: [
                ExportFile(
                    location: "file:///var/lib/payout-exports/contoso/payments/2026/11/22/zip_1/payments.zip",
                    stored: true,
                    fileName: "payments.zip",
                    mediaType: "application/zip",
                    sizeBytes: 1_024,
                    sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    entries: [
                        ArchiveEntry(name: "payments-1.csv", sizeBytes: 4_096),
                        ArchiveEntry(name: "Zahlungen-ü.csv", sizeBytes: 5_000_000_000),
                    ]
                )
            ],
            cleanup: .delete
        )
        #expect(try codec.decode(key: Array("zip_1".utf8), value: Array(Data(contentsOf: url))) == .job(expected))
    }

    // MARK: Unreadable records

    private func message(_ change: (inout ProtoStateRecord) -> Void) throws -> [UInt8] {
        var generator = SeededGenerator(seed: 9)
        let value = try #require(codec.encode(.job(.random(using: &generator))).value)
        var message = try ProtoStateRecord(serializedBytes: value)
        change(&message)
        return try message.serializedBytes()
    }

    private func error(_ key: String?, _ value: [UInt8]?) -> StateDecodingError? {
        do {
            _ = try codec.decode(key: key.map { Array($0.utf8) }, value: value)
            return nil
        } catch {
            return error
        }
    }

    @Test func unreadableRecordIsRefusedWithReason() throws {
        let good = try message { _ in }
        let position = codec.encode(.position(JobsPosition(offset: 1))).value
        #expect(error("a", good) == nil && error("@position", position) == nil)
        #expect(error(nil, good) == .missingKey)
        #expect(error("a b", good) == .invalidKey("'a b'"))
        #expect(error("a", []) == .unsupportedVersion(0, key: "a"))
        #expect(error("a", [])?.description.contains("nothing but the worker writes") == true)
        #expect(error("a", Array(good.dropLast())) == .malformedValue(key: "a"))
        #expect(error("a", [0xFF]) == .malformedValue(key: "a"))
        #expect(try error("a", message { $0.version = 4 }) == .unsupportedVersion(4, key: "a"))
        #expect(try error("a", message { $0.content = nil }) == .missingJob(key: "a"))
        #expect(try error("a", message { $0.job.clearJob() }) == .missingJob(key: "a"))
        #expect(error("a", position) == .missingJob(key: "a"))
        #expect(error("@position", good) == .missingPosition(key: "@position"))
        #expect(error("@position", nil) == .missingPosition(key: "@position"))
        #expect(error("@origin", position) == .missingPosition(key: "@origin"))
    }

    /// Whatever the record's key and content are, an operator must not delete it.
    @Test(arguments: ["a", "@position", "@origin", "@batch/fy26", "@schedule/daily", "a b"])
    func recordOfLaterVersionIsReportedAsSuch(key: String) throws {
        for change: (inout ProtoStateRecord) -> Void in [{ _ in }, { $0.content = nil }] {
            let found = try error(
                key,
                message {
                    change(&$0)
                    $0.version = StateCodec.version + 1
                }
            )
            guard case .unsupportedVersion(StateCodec.version + 1, let named) = found else {
                Issue.record("\(key): \(String(describing: found))")
                continue
            }
            #expect(named.contains(key))
            #expect(found?.description.hasSuffix("of the worker that wrote it, or a later one.") == true)
        }
    }

    /// A deleted record has no version; keys with an @ are the worker's own.
    @Test func unknownKeyOfTheWorkersOwnIsNotReportedAsForeign() {
        #expect(error("@schedule/daily", nil) == .invalidKey("'@schedule/daily'"))
        #expect(StateDecodingError.invalidKey("'@schedule/daily'").description.contains("or a later one"))
        #expect(StateDecodingError.invalidKey("'a b'").description.contains("nothing but the worker writes"))
    }

    // MARK: Batches

    private let batch = JobBatchRecord(
        batch: JobBatch(id: "fy26", size: 12),
        status: .partial,
        ended: Instant(milliseconds: 1_795_305_600_000),
        published: nil
    )

    /// A worker that knows no batches takes over until there is one, and then refuses the record.
    @Test func recordHasOldestVersionOfItsMeaning() throws {
        func version(_ record: StateRecord) throws -> UInt32 {
            try ProtoStateRecord(serializedBytes: try #require(codec.encode(record).value)).version
        }
        var generator = SeededGenerator(seed: 9)
        var job = JobRecord.random(using: &generator)
        (job.job.batch, job.job.retryOf) = (nil, nil)
        #expect(try version(.job(job)) == 1)
        #expect(try version(.position(JobsPosition(offset: 1))) == 1)
        job.job.batch = batch.batch
        #expect(try version(.job(job)) == 2)
        #expect(try version(.batch(batch)) == 2)
        job.job.retryOf = "earlier"
        #expect(try version(.job(job)) == 3)
        #expect(try version(.pauses([JobPause()])) == 3)
        #expect(codec.encode(.pauses([])).value == nil)
    }

    @Test func batchHasKeyThatIsNoJobID() throws {
        let written = codec.encode(.batch(batch))
        #expect(written.key == Array("@batch/fy26".utf8))
        #expect(!JobLimits.isJobID("@batch/fy26"))
        #expect(try roundTrip(.batch(batch)) == .batch(batch))
        #expect(try roundTrip(.batchForgotten(id: "fy26")) == .batchForgotten(id: "fy26"))
        #expect(error("a", written.value) == .missingJob(key: "a"))
        #expect(error("@batch/", written.value) == .invalidKey("'@batch/'"))
        #expect(try error("@batch/fy26", message { _ in }) == .missingBatch(key: "@batch/fy26"))
        var unknown = try ProtoStateRecord(serializedBytes: try #require(written.value))
        unknown.batch.status = .UNRECOGNIZED(9)
        let expected = StateDecodingError.unknownValue(field: "batch.status", number: 9, key: "@batch/fy26")
        #expect(try error("@batch/fy26", unknown.serializedBytes()) == expected)
    }

    /// Compared by name: a number that changes on one side changes the meaning of stored records.
    @Test func coreAndRecordsUseTheSameNumbers() {
        func compare<Value: StoredNumber>(_ values: [Value]) where Value.Proto: CaseIterable {
            let stored = Value.Proto.allCases.map { "\($0) \($0.rawValue)" }.filter { $0 != "unspecified 0" }
            #expect(values.map { "\($0) \($0.rawValue)" } == stored)
            #expect(values.map { "\($0.proto) \($0.proto.rawValue)" } == stored)
        }
        compare(JobPhase.allCases)
        compare(ExportKind.allCases)
        compare(FileFormat.allCases)
        compare(JobStatus.allCases)
        compare([Cleanup.none, .findThenDelete, .delete])
        compare(JobErrorCode.allCases)
        compare(JobBatchStatus.allCases)
    }

    @Test func unknownNumberIsReportedWithItsField() throws {
        func unknown(_ field: String, _ number: Int, _ change: (inout ProtoJobState) -> Void) throws {
            let value = try message { change(&$0.job) }
            #expect(error("a", value) == .unknownValue(field: field, number: number, key: "a"))
        }
        try unknown("phase", 6) { $0.phase = .UNRECOGNIZED(6) }
        try unknown("phase", 0) { $0.phase = .unspecified }
        try unknown("cleanup", 3) { $0.cleanup = .UNRECOGNIZED(3) }
        try unknown("status", -1) { $0.status = .UNRECOGNIZED(-1) }
        try unknown("job.kind", 3) { $0.job.kind = .UNRECOGNIZED(3) }
        try unknown("job.kind", 0) { $0.job.kind = .unspecified }
        try unknown("job.file_format", 9) { $0.job.fileFormat = .UNRECOGNIZED(9) }
        try unknown("error.code", 99) { $0.error.code = .UNRECOGNIZED(99) }
        try unknown("error.code", 0) { $0.error.code = .unspecified }
    }

    @Test func finishedJobWithoutStatusIsRefused() throws {
        let value = try message {
            $0.job.phase = .finished
            $0.job.status = .unspecified
        }
        #expect(error("a", value) == .missingField(field: "status", key: "a"))
    }

    @Test func everyErrorHasRemedy() {
        let errors: [StateDecodingError] = [
            .missingKey, .invalidKey("'a'"), .malformedValue(key: "a"), .unsupportedVersion(2, key: "a"),
            .missingJob(key: "a"), .missingPosition(key: "@position"),
            .unknownValue(field: "phase", number: 7, key: "a"),
            .missingField(field: "status", key: "a"),
        ]
        for error in errors { #expect(error.description.contains("Run ") || error.description.contains("Make sure")) }
    }

    @Test(arguments: 0..<4) func mutatedRecordsAreDecodedWithoutCrash(seed: Int) throws {
        var generator = SeededGenerator(seed: 50 + UInt64(seed))
        let value = try #require(codec.encode(.job(.random(using: &generator))).value)
        for _ in 0..<2_000 {
            var bytes = value
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            guard let record = try? codec.decode(key: Array("a".utf8), value: bytes) else { continue }
            #expect(try roundTrip(record) == record)
        }
    }
}
