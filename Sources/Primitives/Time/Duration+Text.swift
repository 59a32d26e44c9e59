extension Duration {
    /// Reads `500ms`, `30s`, `5m`, `26h`, `2d`: a number that is not negative, with a fraction or without, and its unit.
    /// The result is rounded to whole milliseconds.
    ///
    /// - Returns: Nil for any other text, and above some 30 000 years.
    public init?(parsing text: String) {
        let units: [(suffix: String, milliseconds: Double)] = [
            ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
        ]
        guard let unit = units.first(where: { text.hasSuffix($0.suffix) }),
            let number = Double(text.dropLast(unit.suffix.count)), number >= 0, number * unit.milliseconds < 1e15
        else { return nil }
        self = .milliseconds(Int64((number * unit.milliseconds).rounded()))
    }

    /// The duration for people, in its one or two largest units: `850 ms`, `4.2 s`, `34 s`, `3 min 5 s`, `2 h 10 min`, `3 d`.
    /// What is finer is cut off, and a negative duration is `0 ms`.
    public var shortText: String {
        let milliseconds = max(0, inMilliseconds)
        let seconds = milliseconds / 1_000
        func pair(_ unit: Int64, _ name: String, _ part: Int64, _ partName: String) -> String {
            let rest = seconds % unit / part
            return "\(seconds / unit) \(name)" + (rest == 0 ? "" : " \(rest) \(partName)")
        }
        return switch seconds {
        case 0: "\(milliseconds) ms"
        case ..<10: "\(seconds).\(milliseconds % 1_000 / 100) s"
        case ..<60: "\(seconds) s"
        case ..<3_600: pair(60, "min", 1, "s")
        case ..<86_400: pair(3_600, "h", 60, "min")
        default: pair(86_400, "d", 3_600, "h")
        }
    }
}
