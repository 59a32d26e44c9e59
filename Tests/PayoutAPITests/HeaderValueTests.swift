import Foundation
import HTTPAccess
import NIOHTTP1
import Testing

@testable import PayoutAPI

/// The `Retry-After` header, and the form of ids in headers.
@Suite struct HeaderValueTests {
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
    func invalidRetryAfterIsIgnored(text: String) {
        #expect(retryAfter(in: ["retry-after": text], now: Self.now) == nil)
        #expect(retryAfter(in: [:], now: Self.now) == nil)
    }

    @Test func uuidsAreWrittenInLowerCase() {
        let uuid = UUID()
        #expect(uuid.lowercaseText == uuid.uuidString.lowercased())
    }
}
