import Foundation
import Primitives
import Testing

@testable import PayoutSandbox

@Suite struct InternalsTests {
    @Test func identifiersAreParsedAndWritten() {
        let text = "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4"
        #expect(GUID(text)?.text == text)
        #expect(GUID(text.uppercased())?.text == text)
        for wrong in ["", "93c2b3cf", text + "0", text.replacingOccurrences(of: "-", with: "0"), "{\(text)}"] {
            #expect(GUID(wrong) == nil)
        }
        var random = SplitMix64(seed: 1)
        for _ in 0..<100 {
            let guid = GUID(using: &random)
            #expect(GUID(guid.text) == guid)
            #expect(Array(guid.text)[14] == "4")
            #expect("89ab".contains(Array(guid.text)[19]))
        }
    }

    @Test func timestampsAgreeWithFoundation() {
        let formatter = ISO8601DateFormatter()
        let httpFormatter = DateFormatter()
        httpFormatter.locale = Locale(identifier: "en_US_POSIX")
        httpFormatter.timeZone = TimeZone(identifier: "GMT")
        httpFormatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        var random = SplitMix64(seed: 2)
        for _ in 0..<500 {
            let seconds = Int64(random.below(4_000_000_000))
            let time = Timestamp(nanoseconds: seconds * 1_000_000_000)
            let date = Date(timeIntervalSince1970: Double(seconds))
            #expect(time.secondsText == formatter.string(from: date))
            #expect(time.httpDate == httpFormatter.string(from: date))
            #expect(Timestamp(rfc3339: time.secondsText) == time)
        }
        #expect(Timestamp(nanoseconds: 1_685_049_646_372_756_199).serviceText == "2023-05-25T21:20:46.3727561Z")
        #expect(Timestamp(rfc3339: "2023-05-25 21:20:46Z") == nil)
        #expect(Timestamp(rfc3339: "2023-05-25T21:2x:46Z") == nil)
    }

    @Test func checksumIsTheCRCOfZIP() {
        var crc = CRC32()
        Array("123456789".utf8).withUnsafeBytes { crc.update($0) }
        #expect(crc.value == 0xCBF4_3926)
        var parts = CRC32()
        Array("12345".utf8).withUnsafeBytes { parts.update($0) }
        Array("6789".utf8).withUnsafeBytes { parts.update($0) }
        #expect(parts.value == crc.value)
    }

    @Test(arguments: [0, 100, 700, 1300, 5000, 64 * 1024, 66_300, 128 * 1024 + 900, 200_001])
    func rowsFillTheirSizeFromAnyOffset(size: Int) {
        for kind in [PayoutSandbox.ExportFacts.Kind.payments, .transactionHistory] {
            let rows = RowSource(kind: kind, isTSV: false, seed: 11, size: size)
            var whole: [UInt8] = []
            while whole.count < rows.count { whole += rows.chunk(at: whole.count) }
            #expect(whole.count == rows.count)
            #expect(whole.last == UInt8(ascii: "\n"))
            #expect(size < 1400 || rows.count == size)
            #expect(rows.chunk(at: rows.count).isEmpty)
            var random = SplitMix64(seed: 3)
            for _ in 0..<20 {
                let offset = Int(random.below(UInt64(rows.count)))
                let chunk = rows.chunk(at: offset)
                #expect(Array(chunk) == Array(whole[offset..<(offset + chunk.count)]))
            }
        }
    }

    @Test func noRowIsLongerThanItsLimit() {
        var random = SplitMix64(seed: 4)
        for kind in [PayoutSandbox.ExportFacts.Kind.payments, .transactionHistory] {
            var longest = 0
            for _ in 0..<20_000 {
                var row = RowWriter(separator: UInt8(ascii: ","), capacity: 1024)
                kind.appendRow(to: &row, using: &random)
                row.endRow()
                longest = max(longest, row.bytes.count)
            }
            #expect(longest < RowSource.rowLimit)
        }
    }

    @Test func rangesAreParsed() {
        #expect(ByteRange(header: nil, count: 10) == .whole)
        #expect(ByteRange(header: "bytes=2-4", count: 10) == .part(2..<5))
        #expect(ByteRange(header: "Bytes=2-", count: 10) == .part(2..<10))
        #expect(ByteRange(header: "bytes=-3", count: 10) == .part(7..<10))
        #expect(ByteRange(header: "bytes=-30", count: 10) == .part(0..<10))
        #expect(ByteRange(header: "bytes=0-9223372036854775807", count: 10) == .part(0..<10))
        #expect(ByteRange(header: "bytes=10-", count: 10) == .unsatisfiable)
        #expect(ByteRange(header: "bytes=-0", count: 10) == .unsatisfiable)
        for invalid in ["bytes=4-2", "lines=1-2", "bytes=a-b", "bytes=-", "bytes=99999999999999999999-", "bytes=1"] {
            #expect(ByteRange(header: invalid, count: 10) == .whole)
        }
    }

    @Test func spansStayWithinTheirBounds() {
        var random = SplitMix64(seed: 5)
        var sum = 0.0
        for _ in 0..<10_000 {
            let uniform = PayoutSandbox.Span.uniform(.seconds(2), .seconds(8)).draw(using: &random)
            #expect((2_000_000_000...8_000_000_000).contains(uniform))
            let drawn = PayoutSandbox.Span.exponential(mean: .seconds(1), limit: .seconds(5)).draw(using: &random)
            #expect((0...5_000_000_000).contains(drawn))
            sum += Double(drawn) / 1e9
        }
        #expect((0.9...1.1).contains(sum / 10_000))
        #expect(PayoutSandbox.Span.fixed(.milliseconds(3)).draw(using: &random) == 3_000_000)
    }

    @Test func onlyTheFirstReplacementOfAnAnswerIsCounted() {
        var plan = FaultPlan(faults: [
            .init(.status(500), on: [.get], count: 1), .init(.lostAnswer, on: [.get], count: 1),
            .init(.slow(.seconds(1)), on: [.get], count: 2),
        ])
        var random = SplitMix64(seed: 6)
        var counts: [String: Int] = [:]
        let first = plan.draw(.get, using: &random, counting: &counts)
        #expect(first.delay == 1_000_000_000)
        guard case .status(500, _, _, _) = first.replacement else {
            Issue.record("The first fault did not come first.")
            return
        }
        #expect(plan.faults.map(\.count) == [1, 1])
        _ = plan.draw(.create, using: &random, counting: &counts)
        guard case .lostAnswer = plan.draw(.get, using: &random, counting: &counts).replacement else {
            Issue.record("The second fault was lost.")
            return
        }
        #expect(plan.faults.isEmpty)
        #expect(counts == ["status": 1, "lostAnswer": 1, "slow": 2])
    }
}
