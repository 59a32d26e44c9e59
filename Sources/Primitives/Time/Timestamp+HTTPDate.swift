private let monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
/// From the weekday of 1970-01-01.
private let weekdayNames = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

extension Timestamp {
    /// Reads an HTTP date in any of the three forms of RFC 9110, section 5.6.7:
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
    ///
    /// - Returns: Nil when the text is no HTTP date.
    public init?(httpDate text: String) {
        var month: Int?
        var day: Int?
        var year: Int?
        var time: Int?
        for word in text.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "-" }) {
            if let index = monthNames.firstIndex(where: { $0.lowercased() == word.lowercased() }) {
                month = index + 1
            } else if word.contains(":") {
                let parts = word.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
                guard parts.count == 3, 0...23 ~= parts[0], 0...59 ~= parts[1], 0...60 ~= parts[2] else { return nil }
                time = parts[0] * 3_600 + parts[1] * 60 + parts[2]
            } else if let number = Int(word), number >= 0 {
                if day == nil, word.count <= 2 { day = number } else if year == nil { year = number }
            }
        }
        guard let month, let day, var year, let time, 1...31 ~= day, year <= 9_999 else { return nil }
        if year < 100 { year += year < 70 ? 2_000 : 1_900 }
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        self.init(seconds: Int64(days * 86_400 + time))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`: the form of RFC 9110 that is to be written.
    public var httpDate: String {
        let (days, second) = daysAndSecond
        let date = CivilDate(daysSince1970: days)
        var bytes: [UInt8] = []
        bytes.append(contentsOf: weekdayNames[(days % 7 + 7) % 7].utf8)
        bytes.append(contentsOf: ", ".utf8)
        bytes.appendDigits(Int64(date.day), 2)
        bytes.append(contentsOf: " \(monthNames[date.month - 1]) ".utf8)
        bytes.appendDigits(Int64(date.year), 4)
        bytes.append(UInt8(ascii: " "))
        bytes.appendTime(ofSecond: second)
        bytes.append(contentsOf: " GMT".utf8)
        return String(decoding: bytes, as: UTF8.self)
    }
}
