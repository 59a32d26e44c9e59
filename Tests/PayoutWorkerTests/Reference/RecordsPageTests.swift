import Foundation
import Testing
import Yams

/// The tables of fields, generated from the JSON Schemas. YAML includes JSON, and its reader keeps the order of the members.
@Suite(.serialized) struct RecordsPageTests {
    @Test func everyFieldOfAJobIsDocumented() throws {
        let schema = try Schema("job")
        var rows = schema.rows(of: schema.root)
        if let export = schema.root["$defs"]?["export"] { rows += schema.rows(of: export) }
        #expect(rows.count > 8)
        try GeneratedRegion(page: "Reference/JobsAndEvents", name: "job").expect(Schema.head + rows)
    }

    @Test func everyFieldOfAPauseIsDocumented() throws {
        let schema = try Schema("job")
        let control = try #require(schema.root["$defs"]?["control"])
        let rows = schema.rows(of: control) + schema.rows(of: try #require(control["then"]))
        #expect(rows.count > 4)
        try GeneratedRegion(page: "Reference/JobsAndEvents", name: "pause").expect(Schema.head + rows)
    }

    @Test func everyFieldOfAnEventIsDocumented() throws {
        let schema = try Schema("completion-event")
        let rows = schema.rows(of: schema.root)
        #expect(rows.count > 20)
        try GeneratedRegion(page: "Reference/JobsAndEvents", name: "completion-event").expect(Schema.head + rows)
    }

    @Test func everyFieldOfABatchEventIsDocumented() throws {
        let schema = try Schema("batch-event")
        let rows = schema.rows(of: schema.root)
        #expect(rows.count > 15)
        try GeneratedRegion(page: "Reference/JobsAndEvents", name: "batch-event").expect(Schema.head + rows)
    }
}

/// A JSON Schema.
private struct Schema {
    static let head = ["| field | value | meaning |", "| --- | --- | --- |"]

    let root: Node

    init(_ name: String) throws {
        let text = try GeneratedRegion.text(of: "schemas/\(name).schema.json")
        root = try #require(try Yams.compose(yaml: text))
    }

    /// A row for each property, and below it those of its own properties.
    func rows(of object: Node, prefix: String = "") -> [String] {
        (object["properties"]?.mapping ?? [:]).flatMap { member -> [String] in
            let name = prefix + (member.key.string ?? "")
            let node = resolved(member.value)
            let isArray = types(of: node).contains("array")
            let inner = isArray ? node["items"].map(resolved) ?? node : node
            let below = rows(of: inner, prefix: name + (isArray ? "[]." : "."))
            let description = member.value["description"]?.string ?? node["description"]?.string ?? ""
            return [GeneratedRegion.row("`\(name)`", value(of: node), description)] + below
        }
    }

    /// The schema that a reference names; of alternatives, the one that is not null.
    private func resolved(_ node: Node) -> Node {
        if let reference = node["$ref"]?.string, let name = reference.split(separator: "/").last {
            return root["$defs"]?[String(name)].map(resolved) ?? node
        }
        let alternatives = node["anyOf"]?.array() ?? node["oneOf"]?.array() ?? []
        return alternatives.first { $0["type"]?.string != "null" }.map(resolved) ?? node
    }

    private func types(of node: Node) -> [String] {
        guard let type = node["type"] else { return [] }
        return type.string.map { [$0] } ?? type.array().compactMap(\.string)
    }

    private func value(of node: Node) -> String {
        let constants = (node["enum"]?.array() ?? []).compactMap { $0.null == nil ? $0.string : nil }
        var parts = [
            constants.isEmpty
                ? (node["format"]?.string ?? types(of: node).filter { $0 != "null" }.joined(separator: " or "))
                : constants.map { "`\($0)`" }.joined(separator: ", ")
        ]
        if let least = node["minimum"]?.string, let most = node["maximum"]?.string {
            parts.append("\(least) to \(most)")
        }
        if let length = node["maxLength"]?.string { parts.append("at most \(length) characters") }
        if let value = node["default"]?.string { parts.append("default `\(value)`") }
        return parts.filter { !$0.isEmpty }.joined(separator: "; ")
    }
}
