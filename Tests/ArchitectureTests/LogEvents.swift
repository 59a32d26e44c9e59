/// The log events of the sources, and the table of them.
struct LogEvents {
    struct Event: Hashable {
        var room: String
        var level: String
        var message: String
        /// The keys of its metadata that are written at the call.
        var keys: [String]
    }

    /// A call whose message is not a constant string.
    struct VariableMessage: Hashable {
        var path: String
        var text: String
    }

    private(set) var variableMessages: [VariableMessage] = []
    private var calls: [(event: Event, arguments: String)] = []
    /// The keys of the properties and functions that return metadata, by room and name.
    private var sharedKeys: [String: [String: [String]]] = [:]

    var events: Set<Event> {
        let events = calls.map { event, arguments in
            let shared = (sharedKeys[event.room] ?? [:]).filter {
                arguments.contains(".\($0.key)") || arguments.contains(": \($0.key)(")
            }
            var event = event
            event.keys = Set(event.keys + shared.values.joined()).sorted()
            return event
        }
        return Set(events)
    }

    mutating func read(_ file: Repository.File) {
        readSharedMetadata(of: file)
        // `\x28` is a parenthesis and `\x7B` a brace, so that those of this file balance for the check of functions' lengths.
        let call = /[lL]ogger\??\.(trace|debug|info|notice|warning|error|critical)\x28/
        for match in file.text.matches(of: call) {
            var arguments = Self.arguments(after: match.range.upperBound, in: file.text)
            guard let message = Self.message(arguments) else {
                variableMessages.append(VariableMessage(path: file.path, text: String(arguments.prefix(60))))
                continue
            }
            let before = file.text[..<match.range.lowerBound]
            if arguments.contains("metadata: metadata"),
                let declaration = before.matches(of: /(?:let|var) metadata\b/).last
            {
                arguments += before[declaration.range.lowerBound...]
            }
            let keys = Self.keys(in: arguments[...])
            calls.append((Event(room: file.target, level: String(match.1), message: message, keys: keys), arguments))
        }
    }

    /// Reads the properties and functions that make metadata for several calls.
    private mutating func readSharedMetadata(of file: Repository.File) {
        let declaration = /(?:var|func) (\w*[mM]etadata)\b[^{}\n]*Logger\.Metadata \x7B/
        for match in file.text.matches(of: declaration) {
            let rest = file.text[match.range.upperBound...]
            guard let end = rest.firstRange(of: "return metadata") else { continue }
            sharedKeys[file.target, default: [:]][String(match.1)] = Self.keys(in: rest[..<end.lowerBound])
        }
    }

    /// The text up to the parenthesis that ends the call; parentheses in strings do not count.
    private static func arguments(after start: String.Index, in text: String) -> String {
        // The open parentheses of the call and of interpolations, and the open strings around these.
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

    private static func keys(in text: Substring) -> [String] {
        let literal = text.matches(of: /"([A-Za-z][A-Za-z0-9._-]*)":/).map { String($0.1) }
        let assigned = text.matches(of: /metadata\["([A-Za-z][A-Za-z0-9._-]*)"\]/).map { String($0.1) }
        return Array(Set(literal + assigned)).sorted()
    }

    /// The table, as Markdown.
    var document: String {
        var lines = [
            "# Log events", "",
            "All log events of workers and commands. Messages are constant, so you can search and count them. Values are in",
            "the metadata: `key=value` in the text format, a field of its own in JSON.", "",
            "`LOG_LEVEL` sets the level, and levels of parts: `LOG_LEVEL=info,kafka=debug,api=trace`. Parts are `engine`,",
            "`kafka`, `api`, `files` and `console`. Five lines with equal messages and equal `reason` or `error.message` are",
            "written in half a minute; then \"Repeated log lines omitted\" gives the number of omitted lines.",
            "\"Log lines dropped\" with a `count` reports that standard error was not read for a time.", "",
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
