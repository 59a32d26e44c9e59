import Foundation
import NIOHTTP1
import Testing

@testable import PayoutAPI

@Suite struct TimeTests {
    @Test(arguments: [
        ("2023-05-25T21:20:46Z", 1_685_049_646), ("2023-05-25T21:20:46.5Z", 1_685_049_646.5),
        ("2023-05-25T21:20:46.123456789Z", 1_685_049_646.123_456_8), ("2023-05-25T21:20:46", 1_685_049_646),
        ("2023-05-25T23:20:46+02:00", 1_685_049_646), ("2023-05-25T16:20:46.0000000-05:00", 1_685_049_646),
        ("2023-05-25T21:20Z", 1_685_049_600), ("2023-05-25", 1_684_972_800), ("1970-01-01T00:00:00Z", 0),
        ("2000-02-29T00:00:00Z", 951_782_400),
        ("2023-05-25T21:20:46.1234567890123Z", 1_685_049_646.123_456_8), ("2023-05-25T23:20:46+0200", 1_685_049_646),
        ("2023-05-25T23:20:46+02", 1_685_049_646),
    ])
    func timestampsAreRead(text: String, seconds: Double) throws {
        let date = try #require(parseTimestamp(text))
        #expect(abs(date.timeIntervalSince1970 - seconds) < 1e-6)
    }

    @Test(arguments: [
        "", "yesterday", "2023-13-01T00:00:00Z", "2023-05-25T21:20:46.Z", "2023-05-25T21:20:46+02:0",
        "2023-05-25T21:20:46Zx", "2023-05-25T", "25.5.2023", "2023-05-25T21:61:00Z", "2023-05-25T21:20:46+020",
    ])
    func otherTextsAreNoTimestamps(text: String) {
        #expect(parseTimestamp(text) == nil)
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func httpDatesAreReadInEveryForm(text: String) {
        #expect(parseHTTPDate(text)?.timeIntervalSince1970 == 784_111_777)
    }

    @Test(arguments: [
        "", "soon", "Sun, 06 Nov 1994", "06 Nov 1994 99:99:99 GMT", "Nov Nov Nov", "99999999999999999999",
    ])
    func otherTextsAreNoHTTPDates(text: String) {
        #expect(parseHTTPDate(text) == nil)
    }

    static let now = Date(timeIntervalSince1970: 784_111_777)

    @Test(
        arguments: [
            ([("retry-after", "120")], 120), ([("Retry-After", " 3 ")], 3), ([("retry-after", "0")], 0),
            ([("retry-after", "1.5")], 1.5), ([("retry-after", "-5")], 0), ([("retry-after", "99999999999")], 86_400),
            ([("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT")], 60),
            ([("retry-after", "Sun, 06 Nov 1994 08:40:37 GMT")], 0),
            ([("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), ("date", "Sun, 06 Nov 1994 08:49:07 GMT")], 30),
            ([("retry-after", "1994-11-06T08:50:37.5Z")], 60.5),
            ([("x-ms-retry-after-ms", "250"), ("retry-after", "9")], 0.25),
        ] as [([(String, String)], Double)]
    )
    func retryAfterIsRead(headers: [(String, String)], seconds: Double) {
        #expect(retryAfter(in: HTTPHeaders(headers), now: Self.now) == .seconds(seconds))
    }

    @Test(arguments: ["", "soon", "nan", "inf", "1 2"])
    func otherTextsAreNoRetryAfter(text: String) {
        #expect(retryAfter(in: ["retry-after": text], now: Self.now) == nil)
        #expect(retryAfter(in: [:], now: Self.now) == nil)
    }

    @Test func uuidsAreWrittenInLowerCase() {
        let uuid = UUID()
        #expect(uuid.lowercaseText == uuid.uuidString.lowercased())
    }
}
