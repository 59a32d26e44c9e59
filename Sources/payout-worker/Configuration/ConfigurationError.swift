/// An invalid configuration: which variable is invalid, why, and what to do. The command exits with status 78.
struct ConfigurationError: Error, CustomStringConvertible {
    var problems: [String]

    init(_ problems: [String]) { self.problems = problems }
    init(_ problem: String) { problems = [problem] }

    var description: String { problems.joined(separator: "\n") }
}
