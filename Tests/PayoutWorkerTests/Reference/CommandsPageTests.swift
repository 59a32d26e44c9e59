import ArgumentParser
import Foundation
import Testing

@testable import payout_worker

@Suite struct CommandsPageTests {
    /// What the argument parser reports about a command.
    private struct Help: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String

            var text: String { (kind == "long" ? "--" : "-") + name }
        }

        struct Argument: Decodable {
            var abstract: String?
            var kind: String
            var names: [Name]?
            var valueName: String?
            var defaultValue: String?
            var allValues: [String]?
            var shouldDisplay: Bool
        }

        var commandName: String
        var abstract: String?
        var discussion: String?
        var arguments: [Argument]?
        var subcommands: [Help]?
    }

    /// Flags of nearly every command, and where each is described.
    private static let common: Set = ["config", "set", "bootstrap-servers", "output", "version", "help"]

    private static func root() throws -> Help {
        struct Document: Decodable {
            var command: Help
        }
        return try JSONDecoder().decode(Document.self, from: Data(PayoutWorker._dumpHelp().utf8)).command
    }

    @Test func everyCommandIsDocumented() throws {
        let root = try Self.root()
        let run = try #require(root.subcommands?.first { $0.commandName == "status" })
        let shared = (run.arguments ?? []).filter(Self.isCommon)
        #expect(shared.count == Self.common.count)
        var lines = ["Flags of nearly every command:", ""] + Self.table(shared)
        for command in root.subcommands ?? [] where command.commandName != "help" {
            Self.describe(command, path: [], into: &lines)
        }
        try GeneratedRegion(page: "Reference/Commands", name: "commands").expect(lines)
    }

    @Test func examplesOfHelpFitIntoTerminal() throws {
        // The parser breaks longer lines at the end of a word, also within a command.
        #expect(Self.examples(try Self.root()).filter { $0.count > 80 } == [])
    }

    private static func examples(_ command: Help) -> [String] {
        (command.discussion ?? "").split(separator: "\n").map(String.init).filter { $0.hasPrefix("  ") }
            + (command.subcommands ?? []).flatMap(examples)
    }

    private static func isCommon(_ argument: Help.Argument) -> Bool {
        argument.names?.contains { $0.kind == "long" && common.contains($0.name) } ?? false
    }

    private static func describe(_ command: Help, path: [String], into lines: inout [String]) {
        let path = path + [command.commandName]
        lines += ["", "\(path.count == 1 ? "##" : "###") \(path.joined(separator: " "))", "", command.abstract ?? ""]
        if let discussion = command.discussion, !discussion.isEmpty { lines += [""] + paragraphs(discussion) }
        let own = (command.arguments ?? []).filter { $0.shouldDisplay && !isCommon($0) }
        if !own.isEmpty { lines += [""] + table(own) }
        for inner in command.subcommands ?? [] where inner.commandName != "help" {
            describe(inner, path: path, into: &lines)
        }
    }

    /// Indented lines of a discussion are examples.
    private static func paragraphs(_ discussion: String) -> [String] {
        var lines: [String] = []
        var isCode = false
        for line in discussion.split(separator: "\n", omittingEmptySubsequences: false) {
            let isIndented = line.hasPrefix("  ")
            if isIndented, !isCode { lines.append("```text") }
            if !isIndented, isCode { lines.append("```") }
            isCode = isIndented
            lines.append(isIndented ? String(line.dropFirst(2)) : String(line))
        }
        if isCode { lines.append("```") }
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    private static func table(_ arguments: [Help.Argument]) -> [String] {
        // The parser lists a flag and its inverse one after the other, with the same text.
        let inverses = Set(arguments.compactMap { $0.names?.first?.text }.filter { $0.hasPrefix("--no-") })
        let flags = Set(arguments.compactMap { $0.names?.first?.text })
        return ["| argument | meaning |", "| --- | --- |"]
            + arguments.compactMap { argument in
                var names = (argument.names ?? []).map(\.text).joined(separator: ", ")
                if inverses.contains(names), flags.contains(names.replacing("--no-", with: "--")) { return nil }
                let inverse = names.replacing(/^--/, with: "--no-")
                if inverses.contains(inverse) { names += ", \(inverse)" }
                let value = argument.kind == "flag" ? nil : argument.valueName.map { "<\($0)>" }
                var meaning = argument.abstract ?? ""
                if let values = argument.allValues, !values.isEmpty {
                    meaning += " Values: \(values.joined(separator: ", "))."
                }
                if let value = argument.defaultValue, argument.kind != "flag" { meaning += " Default: \(value)." }
                let name = [names, value ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
                return GeneratedRegion.row("`\(name)`", meaning)
            }
    }
}
