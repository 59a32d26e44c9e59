import Foundation

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
