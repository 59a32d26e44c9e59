import Yams

/// Reads the nodes of a configuration file. Values are texts as they are written: a secret `0123` or `1e5` is no number.
///
/// Yams' own conversion into values is not used: it traps on a key that is no text and on large sexagesimal numbers (`1:2:3…`).
struct ConfigurationNodeReader {
    /// References to anchors can multiply a small file's values.
    static let maximumValues = 10_000

    /// The file's path, for error messages.
    let path: String
    private var count = 0

    init(path: String) {
        self.path = path
    }

    /// The entries of an object, and those of objects that it merges (`<<`) where it has no entry of that name.
    mutating func entries(of object: Node.Mapping) throws -> [(key: String, value: Node)] {
        var merged: [(key: String, value: Node)] = []
        var own: [(key: String, value: Node)] = []
        for (key, value) in object {
            try countValue()
            guard case .scalar(let text) = key else {
                throw ConfigurationError("\(path)\(Self.line(of: key)): a key must be a text.")
            }
            if key.tag == Tag(.merge) { merged += try mergedEntries(value) } else { own.append((text.string, value)) }
        }
        return Self.overriding(merged, with: own)
    }

    private static func overriding(
        _ merged: [(key: String, value: Node)],
        with own: [(key: String, value: Node)]
    ) -> [(key: String, value: Node)] {
        let names = Set(own.map(\.key))
        return merged.filter { !names.contains($0.key) } + own
    }

    private mutating func mergedEntries(_ node: Node) throws -> [(key: String, value: Node)] {
        switch node {
        case .mapping(let object): return try entries(of: object)
        case .sequence(let objects):
            // The first of several objects takes precedence.
            var result: [(key: String, value: Node)] = []
            for object in objects.reversed() { result = Self.overriding(result, with: try mergedEntries(object)) }
            return result
        case .scalar, .alias: throw ConfigurationError("\(path)\(Self.line(of: node)): '<<' must refer to an object.")
        }
    }

    /// Adds a node's values by variable name. Values that are null are left out.
    ///
    /// - Parameter parts: the keys that lead to the node.
    mutating func flatten(_ node: Node, _ parts: [String], into values: inout [String: String]) throws {
        switch node {
        case .mapping(let object):
            for (key, value) in try entries(of: object) { try flatten(value, parts + [key], into: &values) }
        case .sequence(let list):
            values[Self.name(parts)] = try list.map { try text(of: $0, in: parts) }.joined(separator: ",")
        case .scalar, .alias:
            if node.null == nil { values[Self.name(parts)] = try text(of: node, in: parts) }
        }
    }

    private mutating func text(of node: Node, in parts: [String]) throws -> String {
        try countValue()
        guard case .scalar(let scalar) = node else {
            throw ConfigurationError(
                "\(path)\(Self.line(of: node)): '\(parts.joined(separator: "."))' must be a list of texts and numbers."
            )
        }
        return scalar.string
    }

    private mutating func countValue() throws {
        count += 1
        if count > Self.maximumValues {
            throw ConfigurationError("\(path): the file has more than \(Self.maximumValues) values.")
        }
    }

    private static func line(of node: Node) -> String {
        node.mark.map { ", line \($0.line)" } ?? ""
    }

    private static func name(_ parts: [String]) -> String {
        parts.joined(separator: "_").replacing(".", with: "_").replacing("-", with: "_").uppercased()
    }
}
