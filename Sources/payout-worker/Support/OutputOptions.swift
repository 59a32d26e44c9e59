import ArgumentParser

/// The format of results.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// For people.
    case text
    /// For programs.
    case json
}

/// The flag of every command that prints results.
struct OutputOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "Format of results: text for people, json for programs.")
    var output: OutputFormat = .text

    var isJSON: Bool { output == .json }
}
