import ExportCore

/// Reads the pauses of a partition.
///
/// The numbers are those of the fields in schemas/state.proto.
struct ControlStateReading {
    private struct Pause {
        var pause = JobPause()
        /// A number that this build may not know.
        var kind: Int32 = 0
    }

    private var pauses: [Pause] = []

    /// Reads the fields of `ControlState`.
    mutating func read(_ reader: WireReader) throws(WireError) {
        var reader = reader
        while let field = try reader.next() {
            if case (1, .bytes) = field {
                pauses.append(try Self.pause(reader.message()))
            } else {
                try reader.skip(field)
            }
        }
    }

    private static func pause(_ reader: WireReader) throws(WireError) -> Pause {
        var (reader, result) = (reader, Pause())
        while let field = try reader.next() {
            switch field {
            case (1, .bytes): result.pause.target.account = try reader.text()
            case (2, .varint): result.kind = try reader.integer()
            case (3, .varint): result.pause.until = Instant(milliseconds: try reader.integer())
            case (4, .bytes): result.pause.reason = try reader.text()
            case (5, .varint): result.pause.holdsCalls = try reader.boolean()
            case (6, .varint): result.pause.since = Instant(milliseconds: try reader.integer())
            default: try reader.skip(field)
            }
        }
        return result
    }

    /// The pauses.
    ///
    /// - Throws: `unknownValue` for a number that this build does not know.
    func finish(key: String) throws(StateDecodingError) -> [JobPause] {
        var result: [JobPause] = []
        for entry in pauses {
            var pause = entry.pause
            if entry.kind != 0 { pause.target.kind = try JobStateReading.known(entry.kind, "pause.kind", key) }
            result.append(pause)
        }
        return result
    }
}
