/// What a `Range` header asks for (RFC 9110, section 14).
enum ByteRange: Equatable {
    /// No range, one that is not understood, or more than one: the whole file is sent.
    case whole
    case part(Range<Int>)
    case unsatisfiable

    init(header: String?, count: Int) {
        self = Self.parse(header, count: count)
    }

    private static func parse(_ header: String?, count: Int) -> Self {
        guard let header, header.lowercased().hasPrefix("bytes="), !header.contains(",") else { return .whole }
        let ends = header.dropFirst(6).split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return .whole }
        switch (number(ends[0]), number(ends[1])) {
        case (let first?, let last?):
            guard first <= last else { return .whole }
            return first < count ? .part(first..<min(last, count - 1) + 1) : .unsatisfiable
        case (let first?, nil) where ends[1].isEmpty:
            return first < count ? .part(first..<count) : .unsatisfiable
        case (nil, let suffix?) where ends[0].isEmpty:
            return suffix > 0 && count > 0 ? .part(max(0, count - suffix)..<count) : .unsatisfiable
        default:
            return .whole
        }
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
        return Int(text)
    }
}
