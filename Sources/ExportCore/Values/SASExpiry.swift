extension Instant {
    /// When a SAS URL stops working: its `se` item, an ISO 8601 time in UTC, which Azure writes to the day, the minute
    /// or the second. `nil` for a URL without it.
    init?(expiryOfSASURL url: String) {
        guard let mark = url.utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        let query = url[url.index(after: mark)...].prefix { $0 != "#" }
        guard let item = query.split(separator: "&").first(where: { $0.hasPrefix("se=") }),
            let fields = Self.fields(item.dropFirst(3)), fields.count == 3 || fields.count >= 5,
            let time = Self.time(fields + [0, 0, 0])
        else { return nil }
        self = time
    }

    /// The numbers of `2026-11-25T07:50:29.1234567Z`, whose colons may be percent-encoded.
    private static func fields(_ text: Substring) -> [Int64]? {
        var rest = text.utf8[...]
        var fields: [Int64] = []
        var digits = 0
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if digits == 0 { fields.append(0) }
                digits += 1
                guard digits <= 7 else { return nil }
                fields[fields.count - 1] = fields[fields.count - 1] * 10 + Int64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "-"), UInt8(ascii: "T"), UInt8(ascii: ":"): digits = 0
            case UInt8(ascii: "%"):
                guard rest.starts(with: "3A".utf8) || rest.starts(with: "3a".utf8) else { return nil }
                rest = rest.dropFirst(2)
                digits = 0
            // A fraction does not matter.
            case UInt8(ascii: "."), UInt8(ascii: "Z"): return fields
            default: return nil
            }
        }
        return fields
    }

    private static func time(_ fields: [Int64]) -> Instant? {
        let (year, month, day) = (fields[0], fields[1], fields[2])
        guard 1_970...9_999 ~= year, 1...12 ~= month, 1...31 ~= day, fields[3] < 24, fields[4] < 60, fields[5] < 61
        else { return nil }
        // Years are counted from March, so that the leap day is the last of its year.
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = (month + 9) % 12
        let days =
            marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + (marchMonth * 153 + 2) / 5 + day - 1
        // The same count for 1970-01-01 is subtracted.
        let sinceEpoch = days - 719_468
        return Instant(milliseconds: (((sinceEpoch * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5]) * 1_000)
    }
}
