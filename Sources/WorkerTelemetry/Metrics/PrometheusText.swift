/// A series' labels in the order in which they are shown; the same labels in any order are the same series.
struct PrometheusLabels: Hashable, Comparable, Sendable {
    /// Label values beyond this many characters are cut: they are names, never texts.
    static let longestValue = 128

    /// Sorted by name.
    let pairs: [Pair]

    struct Pair: Hashable, Sendable {
        var name: String
        var value: String
    }

    init(_ dimensions: [(String, String)], isHistogram: Bool) {
        var pairs: [Pair] = []
        for (name, value) in dimensions {
            var name = PrometheusText.labelName(name)
            if isHistogram, name == "le" { name = "exported_le" }
            guard !pairs.contains(where: { $0.name == name }) else { continue }
            pairs.append(Pair(name: name, value: String(value.prefix(Self.longestValue))))
        }
        self.pairs = pairs.sorted { $0.name < $1.name }
    }

    static func < (left: PrometheusLabels, right: PrometheusLabels) -> Bool {
        for (first, second) in zip(left.pairs, right.pairs) where first != second {
            return first.name == second.name ? first.value < second.value : first.name < second.name
        }
        return left.pairs.count < right.pairs.count
    }
}

/// The text exposition format, version 0.0.4.
enum PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A metric's name: dots and everything else that is not allowed become underscores.
    static func metricName(_ label: String) -> String { name(label, allowsColon: true) }

    /// A label's name. Names that begin with two underscores are Prometheus' own.
    static func labelName(_ label: String) -> String {
        let name = name(label, allowsColon: false)
        return name.hasPrefix("__") ? "exported\(name)" : name
    }

    private static func name(_ label: String, allowsColon: Bool) -> String {
        var name = ""
        for character in label.unicodeScalars {
            switch character {
            case "a"..."z", "A"..."Z", "_": name.unicodeScalars.append(character)
            case "0"..."9":
                if name.isEmpty { name = "_" }
                name.unicodeScalars.append(character)
            case ":" where allowsColon: name.unicodeScalars.append(character)
            default: name.append("_")
            }
        }
        return name.isEmpty ? "_" : name
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }

    static func header(_ name: String, _ kind: MetricDefinition.Kind, help: String, to text: inout String) {
        text += "# HELP \(name) \(escape(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    static func sample(
        _ name: String,
        _ labels: PrometheusLabels,
        _ value: Double,
        bound: String? = nil,
        to text: inout String
    ) {
        text += name
        if !labels.pairs.isEmpty || bound != nil {
            var parts = labels.pairs.map { "\($0.name)=\"\(escape($0.value, quotes: true))\"" }
            if let bound { parts.append("le=\"\(bound)\"") }
            text += "{\(parts.joined(separator: ","))}"
        }
        text += " \(number(value))\n"
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
