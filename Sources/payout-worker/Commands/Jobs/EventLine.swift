import ExportRecords

/// An event in a line of text, without the signature of a file's URL.
enum EventLine {
    static func text(_ event: BatchEventDocument) -> String {
        text("batch \(event.batchId)", event.status, outcome(event))
    }

    /// How many jobs ended in which way, and where the manifest is.
    static func outcome(_ event: BatchEventDocument) -> String {
        let ends = event.counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        let manifest = event.location.map { ", \(Formatting.location($0))" } ?? ""
        return "\(ends.joined(separator: ", ")) of \(event.size)\(manifest)"
    }

    static func text(_ event: CompletionEventDocument) -> String { text(event.jobId, event.status, outcome(event)) }

    /// What follows the status is on a line of its own where the terminal is too narrow.
    private static func text(_ name: String, _ status: String, _ outcome: String) -> String {
        let parts = [name, status, outcome].map(TextTable.printable)
        let line = TextTable.line(parts, widths: [0, 0, 0])
        guard let width = TableOptions.terminalWidth, line.count > width else { return line }
        return "\(parts[0])  \(parts[1])\n  \(parts[2])"
    }

    /// The file, or why there is none.
    static func outcome(_ event: CompletionEventDocument) -> String {
        if let error = event.error { return "\(error.code): \(error.message)" }
        return event.files.map { Formatting.location($0.location) }.joined(separator: ", ")
    }
}
