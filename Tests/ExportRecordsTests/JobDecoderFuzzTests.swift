import ExportCore
import ExportRecords
import Foundation
import Testing
import TestSupport

@Suite("Reading jobs, fuzzed")
struct JobDecoderFuzzTests {
    private let job = """
        {"jobId": "3f2c9a64", "action": "export", "kind": "transactionHistory", "filter": "earningForDate ge 2023-03-01", \
        "fileFormat": "csv", "account": "défault", "notBefore": "2026-12-01T00:00:00Z", \
        "deadline": "2026-12-02T06:00:00Z", \
        "maxAttempts": 3.0e0, "requestId": "93c2b3cf", "metadata": {"by": "b\\u00fc\\ud83d\\ude80\\"ng", "x": "🚀"}, \
        "other": [1, -2.5e+3, true, false, null, {"a": [{}, []]}]}
        """
    private let tokens = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "\\udc00", "null", "true", "-", "0", "1e5",
        "9999999999",
        "\"jobId\"", "\"metadata\"", "\"data\"", "\u{0}", "é", "🚀", "\u{FEFF}", " ",
    ]

    /// Checks the guarantees of the decoder for any input.
    private func check(_ bytes: [UInt8], headers: [(String, String)] = []) {
        let input = decode(bytes: bytes, key: "3f2c9a64", headers: headers)
        switch input.content {
        case .export(let job):
            #expect(JobLimits.isJobID(job.id))
            #expect(JobLimits.maxAttempts.contains(job.maxAttempts))
            // A decoded job is unchanged after it is encoded and decoded again.
            let again = decode(bytes: JobEncoder().encode(job).value)
            #expect(again.job.map(job.hasSameContent) == true)
        case .cancel(let id, _):
            #expect(JobLimits.isJobID(id))
        case .pause(let pause):
            #expect(decode(bytes: JobEncoder().encode(pause).value, key: "@control").pause == pause)
        case .resume(let target):
            #expect(decode(bytes: JobEncoder().encodeResume(target).value, key: "@control").resumed == target)
        case .unreadable(let id, let reason, let details, _):
            #expect(id.map(JobLimits.isJobID) != false)
            #expect(!reason.isEmpty && reason.utf8.count < 4_096)
            #expect(details.allSatisfy { !$0.field.isEmpty && !$0.message.isEmpty })
        }
    }

    /// The scanner and Foundation accept the same texts, except for the commas that Foundation permits after the last
    /// element.
    private func compareWithFoundation(_ bytes: [UInt8]) {
        let reason = decode(bytes: bytes).reason ?? ""
        let isJSON = !reason.contains("not JSON") && !reason.contains("not UTF-8")
        let object = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        // Foundation guesses UTF-16 and UTF-32 where there are zero bytes.
        guard !bytes.contains(0) else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        if isJSON { #expect(object != nil, "\(text)") }
        if object != nil { #expect(isJSON || text.contains(/,\s*[\]}]/), "\(text)") }
    }

    @Test(arguments: 0..<4) func randomBytesAreDecodedWithoutCrash(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...200, using: &generator)
            check((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
        }
    }

    @Test(arguments: 0..<4) func randomTokensAreDecodedWithoutCrash(seed: Int) {
        var generator = SeededGenerator(seed: 100 + UInt64(seed))
        for _ in 0..<2_000 {
            let count = Int.random(in: 0...20, using: &generator)
            let text = (0..<count).map { _ in tokens.randomElement(using: &generator) ?? "" }.joined()
            check(Array(text.utf8))
            check(Array(text.utf8), headers: [("content-type", "application/cloudevents+json")])
        }
    }

    @Test(arguments: 0..<8) func mutatedJobsAreDecodedWithoutCrash(seed: Int) {
        var generator = SeededGenerator(seed: 200 + UInt64(seed))
        let event = #"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":\#(job)}"#
        for _ in 0..<1_000 {
            check(mutated(Array(job.utf8), using: &generator))
            check(
                mutated(Array(event.utf8), using: &generator),
                headers: [("content-type", "application/cloudevents+json")]
            )
        }
    }

    @Test(arguments: 0..<2) func scannerAgreesWithFoundation(seed: Int) {
        var generator = SeededGenerator(seed: 300 + UInt64(seed))
        compareWithFoundation(Array(job.utf8))
        for _ in 0..<1_500 { compareWithFoundation(mutated(Array(job.utf8), using: &generator)) }
    }

    @Test func everyPrefixIsDecodedWithoutCrash() {
        let bytes = Array(job.utf8)
        #expect(decode(bytes: bytes).job != nil)
        for count in 0..<bytes.count {
            check(Array(bytes[..<count]))
            #expect(decode(bytes: Array(bytes[..<count])).job == nil)
        }
    }

    private func mutated(_ original: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let index = Int.random(in: 0..<max(1, bytes.count), using: &generator)
            guard index < bytes.count else { continue }
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes.remove(at: index)
            case 2: bytes.insert(contentsOf: (tokens.randomElement(using: &generator) ?? "").utf8, at: index)
            case 3: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 4: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...30, using: &generator)))
            default:
                let end = min(bytes.count, index + Int.random(in: 1...30, using: &generator))
                bytes.insert(
                    contentsOf: Array(bytes[index..<end]),
                    at: Int.random(in: 0...bytes.count, using: &generator)
                )
            }
        }
        return bytes
    }
}
