/// Unstructured tasks that no one owns: their result is neither stored nor awaited by the statement that starts them.
enum UnownedTasks {
    /// The rooms that run as long as the worker does.
    static let rooms: Set<String> = [
        "HTTPListening", "WorkerRuntime", "WorkerExports", "WorkerTelemetry", "WorkerConsole", "payout-worker",
    ]

    /// The files that start one such task, with the reason.
    static let exceptions = [
        "Sources/HTTPListening/AcceptedConnection.swift":
            "A deinitializer cannot wait, and only this call finishes a connection's writer.",
        "Sources/WorkerConsole/Jobs/JobFinder.swift":
            "Requests share a question, so none of them owns it; it ends with the engine's answer and a bounded rest.",
        "Sources/WorkerRuntime/BoundedQuestion.swift":
            "The question cannot be cancelled, and the caller waits no longer than it wants to.",
    ]

    /// The numbers of the lines that start such a task.
    static func lines(in source: SwiftText) -> [Int] {
        var previous = ""
        return source.lines.compactMap { number, text in
            defer { previous = text }
            // A plain word first: a regular expression on every line of the sources takes its time.
            guard text.contains("Task"), let match = text.firstMatch(of: start) else { return nil }
            let before = words(text[..<match.range.lowerBound])
            // The statement may have begun on the line before.
            return isOwned(before.isEmpty ? words(previous[...]) : before) ? nil : number
        }
    }

    private static var start: Regex<Substring> {
        /\bTask(?:<.*>)?(?:\.detached|\.immediate)?\s*[({]/.wordBoundaryKind(.simple)
    }

    private static func words(_ text: Substring) -> [Substring] { text.split(whereSeparator: \.isWhitespace) }

    /// Whether what stands before a task stores it, passes it on or waits for it.
    private static func isOwned(_ before: [Substring]) -> Bool {
        guard let last = before.last, before.suffix(2) != ["_", "="] else { return false }
        return ["=", "??", "?", ":", "await", "return"].contains(last) || last.hasSuffix("(") || last.hasSuffix(",")
            || last.hasSuffix(":")
    }
}
