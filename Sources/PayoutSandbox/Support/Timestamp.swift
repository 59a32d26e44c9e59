/// A point in time as nanoseconds since the Unix epoch, and the forms in which HTTP and the service write it.
struct Timestamp: Hashable, Comparable, Sendable {
    var nanoseconds: Int64

    static let nanosecondsPerSecond: Int64 = 1_000_000_000

    static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

    static func + (left: Self, nanoseconds: Int64) -> Self {
        Self(nanoseconds: left.nanoseconds &+ nanoseconds)
    }

    /// Whole seconds since the epoch.
    var seconds: Int64 { nanoseconds / Self.nanosecondsPerSecond }

    /// Appends `2023-05-25T21:20:46.3727561Z`, the service's form with seven fractional digits.
    func appendService(to bytes: inout [UInt8]) {
        appendDateAndTime(to: &bytes)
        bytes.append(UInt8(ascii: "."))
        bytes.appendPadded((nanoseconds % Self.nanosecondsPerSecond) / 100, digits: 7)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// Appends `2023-05-25T21:20:46Z`.
    func appendSeconds(to bytes: inout [UInt8]) {
        appendDateAndTime(to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    private func appendDateAndTime(to bytes: inout [UInt8]) {
        let (days, secondOfDay) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let date = Self.civil(daysSinceEpoch: days)
        bytes.appendPadded(date.year, digits: 4)
        bytes.append(UInt8(ascii: "-"))
        bytes.appendPadded(date.month, digits: 2)
        bytes.append(UInt8(ascii: "-"))
        bytes.appendPadded(date.day, digits: 2)
        bytes.append(UInt8(ascii: "T"))
        Self.appendTime(secondOfDay, to: &bytes)
    }

    private static func appendTime(_ secondOfDay: Int64, to bytes: inout [UInt8]) {
        bytes.appendPadded(secondOfDay / 3600, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.appendPadded(secondOfDay / 60 % 60, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.appendPadded(secondOfDay % 60, digits: 2)
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
    var httpDate: String {
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let (days, secondOfDay) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let date = Self.civil(daysSinceEpoch: days)
        var bytes: [UInt8] = []
        bytes.appendText(weekdays[Int(days % 7)])
        bytes.appendText(", ")
        bytes.appendPadded(date.day, digits: 2)
        bytes.appendText(" ")
        bytes.appendText(months[Int(date.month) - 1])
        bytes.appendText(" ")
        bytes.appendPadded(date.year, digits: 4)
        bytes.appendText(" ")
        Self.appendTime(secondOfDay, to: &bytes)
        bytes.appendText(" GMT")
        return String(decoding: bytes, as: UTF8.self)
    }

    var secondsText: String {
        var bytes: [UInt8] = []
        appendSeconds(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    var serviceText: String {
        var bytes: [UInt8] = []
        appendService(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads the form that `appendSeconds` writes; nil for anything else.
    init?(secondsText text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            bytes[19] == UInt8(ascii: "Z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            bytes[range].reduce(Int64?(0)) { value, byte in
                guard let value, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                return value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19)
        else { return nil }
        let days = Self.days(year: year, month: month, day: day)
        nanoseconds = (days * 86_400 + hour * 3600 + minute * 60 + second) * Self.nanosecondsPerSecond
    }

    init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    // Both conversions count in years that begin in March, so that the leap day is the last of the year.
    private static func civil(daysSinceEpoch: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }

    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let marchYear = month <= 2 ? year - 1 : year
        let era = marchYear / 400
        let yearOfEra = marchYear % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

extension Duration {
    /// The duration in nanoseconds, clamped to what 64 bits hold.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: Timestamp.nanosecondsPerSecond)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflowed ? (seconds < 0 ? .min : .max) : sum
    }
}
