import ArgumentParser
import ExportCore
import ExportRecords
import Primitives

/// Durations as values of flags.
enum DurationArgument {
    static func parse(_ text: String, _ flag: String) throws -> Duration {
        guard let duration = Duration(parsing: text) else {
            throw ValidationError("\(flag) must be a duration such as 500ms, 30s, 5m, 26h or 7d, not '\(text)'.")
        }
        return duration
    }
}

/// Times as values of flags: RFC 3339, or a duration before now.
enum TimeArgument {
    static func parse(_ text: String, _ flag: String, now: Instant) throws -> Instant {
        if let instant = Instant(rfc3339: text) { return instant }
        if let ago = Duration(parsing: text) { return now.advanced(by: .zero - ago) }
        throw ValidationError(
            "\(flag) must be a time such as 2026-12-01T00:00:00Z, or a duration before now such as 2h, not '\(text)'."
        )
    }
}

/// `key=value` pairs as values of flags.
enum PairArgument {
    static func parse(_ texts: [String], _ flag: String) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for text in texts {
            guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
                throw ValidationError("\(flag) must be key=value, not '\(text)'.")
            }
            pairs[String(text[..<equals])] = String(text[text.index(after: equals)...])
        }
        return pairs
    }
}

/// Ids of jobs and batches, which have the same form, as arguments and values of flags.
enum IDArgument {
    static func check(_ id: String, _ noun: String = "job id") throws {
        guard JobLimits.isJobID(id) else {
            throw ValidationError("'\(id)' is not a valid \(noun): use 1 to 128 of the characters A-Z a-z 0-9 . _ : -")
        }
    }
}
