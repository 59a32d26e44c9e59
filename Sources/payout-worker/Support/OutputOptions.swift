import ArgumentParser
import Foundation

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

/// JSON output with sorted keys.
enum JSONText {
    static func line(_ value: some Encodable) throws -> String { try encode(value, []) }

    static func document(_ value: some Encodable) throws -> String { try encode(value, [.prettyPrinted]) }

    private static func encode(_ value: some Encodable, _ more: JSONEncoder.OutputFormatting) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = more.union([.sortedKeys, .withoutEscapingSlashes])
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

/// Buffered standard output, for many lines.
struct ResultLines: ~Copyable {
    private var buffer: [UInt8] = []

    init() { buffer.reserveCapacity(1 << 16) }

    mutating func add(_ line: String) {
        buffer.append(contentsOf: line.utf8)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= 1 << 16 { flush() }
    }

    mutating func flush() {
        guard !buffer.isEmpty else { return }
        Terminal.write(String(decoding: buffer, as: UTF8.self), to: .standardOutput)
        buffer.removeAll(keepingCapacity: true)
    }
}
