/// Formats values for people.
enum Formatting {
    /// `512 B`, `47.1 KiB`, `3.0 MiB`.
    static func size(_ bytes: Int64) -> String {
        var value = Double(bytes)
        for unit in ["B", "KiB", "MiB", "GiB"] {
            if value < 1_024 || unit == "GiB" { return unit == "B" ? "\(bytes) B" : "\(tenths(value)) \(unit)" }
            value /= 1_024
        }
        return "\(bytes) B"
    }

    /// A number with one decimal place.
    static func tenths(_ value: Double) -> String {
        let scaled = Int((value * 10).rounded())
        return "\(scaled / 10).\(scaled % 10)"
    }

    /// A count with its noun: `1 job`, `2 jobs`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    /// A URL without its query and fragment, because a file's signature is a secret.
    static func location(_ location: String) -> String {
        guard let query = location.firstIndex(where: { $0 == "?" || $0 == "#" }) else { return location }
        return String(location[..<query])
    }
}
