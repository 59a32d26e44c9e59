import ExportCore
import ExportRecords
import Foundation
import Testing

@Suite("RFC 3339")
struct RFC3339Tests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999Z", -1), ("2026-12-01T00:00:00Z", 1_796_083_200_000),
        ("2026-12-01t00:00:00z", 1_796_083_200_000), ("2026-12-01T02:00:00+02:00", 1_796_083_200_000),
        ("2026-11-30T18:30:00-05:30", 1_796_083_200_000), ("2024-02-29T12:00:00.5Z", 1_709_208_000_500),
        ("2023-05-25T21:20:46.3727561Z", 1_685_049_646_372), ("2000-01-01T00:00:00.123456789Z", 946_684_800_123),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("2017-01-01T00:59:60+01:00", 1_483_228_800_000),
        ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ("2026-12-01T00:00:00-00:00", 1_796_083_200_000),
    ])
    func reads(text: String, milliseconds: Int64) {
        #expect(Instant(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026-12-01", "2026-12-01T00:00:00", "2026-12-01 00:00:00Z", "2026-12-01T00:00Z", "2026-12-01T00:00:00.Z",
        "2026-12-01T00:00:00.1234567890Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-12-32T00:00:00Z",
        "2026-12-00T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-12-01T24:00:00Z",
        "2026-12-01T00:60:00Z", "2026-12-01T00:00:60Z", "2026-12-01T00:00:61Z", "2026-12-01T00:00:00+24:00",
        "2026-12-01T00:00:00+0100", "2026-12-01T00:00:00+01:60", "2026-12-01T00:00:00Zx", " 2026-12-01T00:00:00Z",
        "+026-12-01T00:00:00Z", "2026-12-01T00:00:00,5Z", "２026-12-01T00:00:00Z", "26-12-01T00:00:00Z",
    ])
    func refuses(text: String) {
        #expect(Instant(rfc3339: text) == nil)
    }

    @Test func writesWhatItReads() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<5_000 {
            let instant = Instant(
                milliseconds: .random(in: -62_167_219_200_000...253_402_300_799_999, using: &generator)
            )
            #expect(Instant(rfc3339: instant.rfc3339) == instant)
        }
    }

    @Test func agreesWithFoundation() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<500 {
            let seconds = Int64.random(in: -10_000_000_000...10_000_000_000, using: &generator)
            let date = Date(timeIntervalSince1970: TimeInterval(seconds))
            #expect(Instant(milliseconds: seconds * 1_000).rfc3339 == formatter.string(from: date))
        }
    }

    @Test func staysWithinFourDigitYears() {
        #expect(Instant.distantFuture.rfc3339 == "9999-12-31T23:59:59.999Z")
        #expect(Instant(milliseconds: .min).rfc3339 == "0000-01-01T00:00:00.000Z")
    }
}
