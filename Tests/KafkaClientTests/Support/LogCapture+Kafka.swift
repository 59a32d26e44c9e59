import TestSupport

/// What librdkafka has logged, for tests that wait for it.
extension LogCapture {
    /// What the partition's reader did last, such as `offset-wait` or `active`. Needs `debug=topic`.
    func fetchState(of topic: String, _ partition: Int32) -> String? {
        let mark = "Partition \(topic) [\(partition)] changed fetch state "
        guard let line = lines.last(where: { $0.contains(mark) }), let end = line.firstRange(of: " -> ")?.upperBound
        else { return nil }
        return String(line[end...].prefix { $0.isLetter || $0 == "-" })
    }

    /// Whether a line has this text.
    func contains(_ text: String) -> Bool { lines.contains { $0.contains(text) } }

    /// Whether the member has sent its coordinator a LeaveGroup request. Needs `debug=cgrp`.
    var hasLeft: Bool { contains(": leave (in state up)") }
}
