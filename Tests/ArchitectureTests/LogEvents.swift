/// A line that the program may log: where, how loud, and what.
struct LogEvents {
    struct Event: Hashable {
        var room: String
        var level: String
        var message: String
        /// The keys of its metadata, as far as they stand beside the call.
        var keys: [String]
    }

    /// A call whose message is not one constant string.
    struct Odd: Hashable {
        var path: String
        var text: String
    }

    private(set) var events: Set<Event> = []
    private(set) var odd: [Odd] = []

    mutating func read(_ file: Repository.File) {
        let call = /[lL]ogger\??\.(trace|debug|info|notice|warning|error|critical)\(/
        for match in file.text.matches(of: call) {
            let arguments = Self.arguments(after: match.range.upperBound, in: file.text)
            guard let message = Self.message(arguments) else {
                odd.append(Odd(path: file.path, text: String(arguments.prefix(60))))
                continue
            }
            var keys = Self.keys(in: arguments)
            if arguments.contains("metadata: metadata") {
                keys = Self.keys(in: String(file.text[..<match.range.lowerBound].suffix(900)))
            }
            events.insert(Event(room: file.target, level: String(match.1), message: message, keys: keys))
        }
    }

    /// Up to the parenthesis that ends the call; those within strings are none.
    private static func arguments(after start: String.Index, in text: String) -> String {
        // What is open: parentheses of the call itself or of an interpolation, and strings, which hold such again.
        var open: [Character] = ["("]
        var isEscaped = false
        for index in text[start...].indices {
            let character = text[index]
            if open.last == "\"" {
                if isEscaped {
                    isEscaped = false
                    if character == "(" { open.append("(") }
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    open.removeLast()
                }
            } else if character == "(" || character == "\"" {
                open.append(character)
            } else if character == ")" {
                open.removeLast()
                if open.isEmpty { return String(text[start..<index]) }
            }
        }
        return ""
    }

    private static func message(_ arguments: String) -> String? {
        guard let match = arguments.prefixMatch(of: /\s*"((?:[^"\\]|\\.)*)"/), !match.1.contains("\\(") else {
            return nil
        }
        return String(match.1)
    }

    private static func keys(in text: String) -> [String] {
        let literal = text.matches(of: /"([A-Za-z][A-Za-z0-9._]*)":/).map { String($0.1) }
        let assigned = text.matches(of: /metadata\["([A-Za-z][A-Za-z0-9._]*)"\]/).map { String($0.1) }
        return Array(Set(literal + assigned)).sorted()
    }

    /// The table, as Markdown.
    var document: String {
        var lines = [
            "# Log events", "",
            "Every line that a worker or a command may log. Messages are constant, so they can be searched and counted;",
            "what changes is in the metadata, which is in the text format `key=value` and in JSON a field of its own. The",
            "table is made from the sources by a test (`UPDATE_DOCUMENTS=1 make test` writes it anew).", "",
            "`LOG_LEVEL` sets the level, and levels of parts: `LOG_LEVEL=info,kafka=debug,api=trace`. Parts are `engine`,",
            "`kafka`, `api`, `files` and `console`. Of lines with the same message and the same `reason` or `error` five are",
            "written in half a minute; then \"The same was left out of the log\" tells how many there were.", "",
            "| level | message | metadata | from |", "| --- | --- | --- | --- |",
        ]
        let order = ["critical", "error", "warning", "notice", "info", "debug", "trace"]
        let sorted = events.sorted {
            (order.firstIndex(of: $0.level) ?? 9, $0.message, $0.room)
                < (order.firstIndex(of: $1.level) ?? 9, $1.message, $1.room)
        }
        for event in sorted {
            let keys = event.keys.map { "`\($0)`" }.joined(separator: ", ")
            lines.append("| \(event.level) | \(event.message) | \(keys) | \(event.room) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
