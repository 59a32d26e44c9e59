import Testing

/// The page that follows a job through the source names functions that exist and call each other.
@Suite struct JobPathTests {
    private static let page = "Sources/ExportCore/ExportCore.docc/From-record-to-event.md"

    /// A row of a table: a function, by its symbol link, and its file.
    private struct Step {
        var module: Substring
        var type: Substring
        var name: Substring
        var path: String

        init?(_ row: Substring) {
            let pattern = /\| ``([A-Za-z]+)\/([A-Za-z]+)\/([A-Za-z]+)\([^`]*`` \| `([^`]+)` \| .+ \|/
            guard let match = row.wholeMatch(of: pattern) else { return nil }
            (module, type, name, path) = (match.1, match.2, match.3, String(match.4))
        }
    }

    /// The tables, without their heads.
    private static func tables() throws -> [[Step]] {
        let lines = try Repository().text(of: page).split(separator: "\n", omittingEmptySubsequences: false)
        let tables = lines.split { !$0.hasPrefix("|") }
        return try tables.map { try $0.dropFirst(2).map { row in try #require(Step(row), "\(row)") } }
    }

    @Test func everyFunctionExistsAndCallsTheNextOne() throws {
        let tables = try Self.tables()
        #expect(tables.count >= 5)
        for steps in tables {
            #expect(steps.count >= 3)
            for (step, next) in zip(steps, steps.dropFirst().map(Optional.init) + [nil]) {
                #expect(step.path.hasPrefix("Sources/\(step.module)/"), "\(step.path) is no file of \(step.module)")
                let source = SwiftText(try Repository().text(of: step.path))
                #expect(source.declares(step.type), "\(step.path) has nothing of \(step.type)")
                let bodies = source.bodies(of: step.name)
                #expect(!bodies.isEmpty, "\(step.path) has no function \(step.name)")
                guard let next else { continue }
                let call = try Regex("[^A-Za-z]\(next.name)\\(")
                #expect(bodies.contains { $0.contains(call) }, "\(step.type).\(step.name) does not call \(next.name)")
            }
        }
    }
}

extension SwiftText {
    /// Whether the source declares or extends the type.
    fileprivate func declares(_ type: Substring) -> Bool {
        let declarations = ["struct", "class", "actor", "enum", "extension"].map { "\($0) \(type)" }
        return lines.contains { line in declarations.contains { line.text.contains($0) } }
    }

    /// The functions of this name, without the name itself.
    fileprivate func bodies(of name: Substring) -> [String] {
        functions.filter { $0.name == name }.map { function in
            lines.filter { $0.number >= function.line && $0.number < function.line + function.length }.map(\.text)
                .joined(separator: "\n").replacing("func \(name)", with: "")
        }
    }
}
