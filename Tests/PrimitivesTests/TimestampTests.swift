import Foundation
import Primitives
import Testing
import TestSupport

@Suite("Timestamps")
struct TimestampTests {
    // MARK: - RFC 3339

    @Test(
        "RFC 3339 is read",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999Z", -1), ("2026-12-01T00:00:00Z", 1_796_083_200_000),
            ("2026-12-01t00:00:00z", 1_796_083_200_000), ("2026-12-01T02:00:00+02:00", 1_796_083_200_000),
            ("2026-11-30T18:30:00-05:30", 1_796_083_200_000), ("2024-02-29T12:00:00.5Z", 1_709_208_000_500),
            ("2023-05-25T21:20:46.3727561Z", 1_685_049_646_372), ("2000-01-01T00:00:00.123456789Z", 946_684_800_123),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("2017-01-01T00:59:60+01:00", 1_483_228_800_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("2026-12-01T00:00:00-00:00", 1_796_083_200_000),
        ]
    )
    func readsRFC3339(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
        #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
    }

    @Test(
        "What is not RFC 3339 is refused",
        arguments: [
            "", "2026-12-01", "2026-12-01T00:00:00", "2026-12-01 00:00:00Z", "2026-12-01T00:00Z",
            "2026-12-01T00:00:00.Z", "2026-12-01T00:00:00.1234567890Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2026-12-32T00:00:00Z", "2026-12-00T00:00:00Z", "2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2026-12-01T24:00:00Z", "2026-12-01T00:60:00Z", "2026-12-01T00:00:60Z", "2026-12-01T00:00:61Z",
            "2026-12-01T00:00:00+24:00", "2026-12-01T00:00:00+0100", "2026-12-01T00:00:00+01:60",
            "2026-12-01T00:00:00+01", "2026-12-01T00:00:00+01:", "2026-12-01T00:00:00Zx", " 2026-12-01T00:00:00Z",
            "+026-12-01T00:00:00Z", "2026-12-01T00:00:00,5Z", "２026-12-01T00:00:00Z", "26-12-01T00:00:00Z",
        ]
    )
    func refusesOtherTexts(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test("What is written reads back, with every number of digits")
    func writesWhatItReads() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<5_000 {
            let time = Timestamp(
                milliseconds: .random(in: -62_167_219_200_000...253_402_300_799_999, using: &generator)
            )
            #expect(Timestamp(rfc3339: time.rfc3339()) == time)
            let finer = Timestamp(seconds: time.seconds, nanoseconds: .random(in: 0..<1_000_000_000, using: &generator))
            #expect(Timestamp(rfc3339: finer.rfc3339(fractionDigits: 9)) == finer)
            #expect(Timestamp(rfc3339: finer.rfc3339(fractionDigits: 0))?.seconds == finer.seconds)
        }
    }

    @Test("Foundation writes the same")
    func agreesWithFoundation() {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<500 {
            let seconds = Int64.random(in: -10_000_000_000...10_000_000_000, using: &generator)
            let date = Date(timeIntervalSince1970: TimeInterval(seconds))
            #expect(Timestamp(seconds: seconds).rfc3339() == formatter.string(from: date))
        }
    }

    @Test("The fraction has the digits that are asked for")
    func fractionDigits() {
        let time = Timestamp(seconds: 1_685_049_646, nanoseconds: 372_756_109)
        #expect(time.rfc3339(fractionDigits: 0) == "2023-05-25T21:20:46Z")
        #expect(time.rfc3339() == "2023-05-25T21:20:46.372Z")
        #expect(time.rfc3339(fractionDigits: 7) == "2023-05-25T21:20:46.3727561Z")
        #expect(time.rfc3339(fractionDigits: 9) == "2023-05-25T21:20:46.372756109Z")
        #expect(time.rfc3339(fractionDigits: 12) == "2023-05-25T21:20:46.372756109Z")
    }

    @Test("The basic form has no separators")
    func basicForm() {
        #expect(Timestamp(milliseconds: 1_440_938_160_999).basicISO8601 == "20150830T123600Z")
    }

    @Test("Times outside four-digit years become the nearest that can be written")
    func staysWithinFourDigitYears() {
        #expect(Timestamp(milliseconds: .max).rfc3339() == "9999-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: .min).rfc3339() == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp(seconds: .max).rfc3339(fractionDigits: 9) == "9999-12-31T23:59:59.999999999Z")
    }

    // MARK: - ISO 8601 as services write it

    @Test(
        "ISO 8601 is read with what it leaves out",
        arguments: [
            ("2023-05-25T21:20:46Z", 1_685_049_646, 0), ("2023-05-25T21:20:46.5Z", 1_685_049_646, 500_000_000),
            ("2023-05-25T21:20:46.123456789Z", 1_685_049_646, 123_456_789), ("2023-05-25T21:20:46", 1_685_049_646, 0),
            ("2023-05-25 21:20:46", 1_685_049_646, 0), ("2023-05-25T23:20:46+02:00", 1_685_049_646, 0),
            ("2023-05-25T16:20:46.0000000-05:00", 1_685_049_646, 0), ("2023-05-25T21:20Z", 1_685_049_600, 0),
            ("2023-05-25", 1_684_972_800, 0), ("1970-01-01T00:00:00Z", 0, 0), ("2000-02-29T00:00:00Z", 951_782_400, 0),
            ("2023-05-25T21:20:46.1234567890123Z", 1_685_049_646, 123_456_789),
            ("2023-05-25T23:20:46+0200", 1_685_049_646, 0), ("2023-05-25T23:20:46+02", 1_685_049_646, 0),
            ("2023-05-25T24:00:00Z", 1_685_059_200, 0),
        ]
    )
    func readsISO8601(text: String, seconds: Int64, nanoseconds: Int64) {
        #expect(Timestamp(iso8601: text) == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
    }

    @Test(
        "What is no timestamp is refused",
        arguments: [
            "", "yesterday", "2023-13-01T00:00:00Z", "2023-02-30T00:00:00Z", "2023-05-25T21:20:46.Z",
            "2023-05-25T21:20:46+02:0", "2023-05-25T21:20:46Zx", "2023-05-25T", "25.5.2023", "2023-05-25T21:61:00Z",
            "2023-05-25T21:20:46+020", "2023-05-25T25:00:00Z", "2023-05-25T21:20:61Z", "2023-05-25T21:20:46+24:00",
        ]
    )
    func refusesWhatIsNoTimestamp(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    // MARK: - HTTP dates

    @Test(
        "HTTP dates are read in each of their three forms",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "sun, 06 nov 1994 08:49:37 gmt",
        ]
    )
    func readsHTTPDates(text: String) {
        #expect(Timestamp(httpDate: text) == Timestamp(seconds: 784_111_777))
    }

    @Test(
        "What is no HTTP date is refused",
        arguments: [
            "", "soon", "Sun, 06 Nov 1994", "06 Nov 1994 99:99:99 GMT", "Nov Nov Nov", "99999999999999999999",
            "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 19940 08:49:37 GMT",
        ]
    )
    func refusesWhatIsNoHTTPDate(text: String) {
        #expect(Timestamp(httpDate: text) == nil)
    }

    @Test("HTTP dates that are written read back")
    func writesHTTPDates() {
        #expect(Timestamp(seconds: 784_111_777).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(Timestamp(seconds: -1).httpDate == "Wed, 31 Dec 1969 23:59:59 GMT")
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<1_000 {
            let time = Timestamp(seconds: .random(in: 0...32_503_680_000, using: &generator))
            #expect(Timestamp(httpDate: time.httpDate) == time)
        }
    }

    // MARK: - Numbers

    @Test("Milliseconds round down, and do not overflow")
    func milliseconds() {
        #expect(Timestamp(milliseconds: -1) == Timestamp(seconds: -1, nanoseconds: 999_000_000))
        #expect(Timestamp(seconds: -1, nanoseconds: 1).milliseconds == -1_000)
        for value in [Int64.min, -1_001, -1_000, -1, 0, 1, 999, 1_000, .max] {
            #expect(Timestamp(milliseconds: value).milliseconds == value)
        }
        #expect(Timestamp(seconds: .max).milliseconds == .max)
        #expect(Timestamp(seconds: .min).milliseconds == .min)
    }

    @Test("The day begins at midnight in UTC, before 1970 too")
    func dayAndSecond() {
        let time = Timestamp(seconds: -1).dayAndSecond
        #expect(time.date == CivilDate(year: 1969, month: 12, day: 31))
        #expect(time.second == 86_399)
    }
}
