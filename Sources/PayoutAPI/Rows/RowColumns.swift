import Foundation
import Primitives

/// The columns of a file, which `ExportRows` checks once, and by which it decodes each row.
struct RowColumns {
    /// The place of each needed column, by its name in the type.
    let places: [String: Int]
    private let count: Int

    /// Checks a header. Names are compared without regard to case and surrounding blanks.
    ///
    /// - Parameters:
    ///   - header: The names in the file.
    ///   - needed: The names that the type needs.
    init(header: [String], needed: [String]) throws(ExportRowError) {
        var known: [String: [Int]] = [:]
        for (index, name) in header.enumerated() {
            known[name.trimmingBlanks().lowercased(), default: []].append(index)
        }
        func found(_ name: String) -> [Int] { known[name.lowercased()] ?? [] }
        let missing = needed.filter { found($0).isEmpty }
        guard missing.isEmpty else { throw ExportRowError(reason: .missingColumns(missing), row: 0) }
        let repeated = needed.filter { found($0).count > 1 }
        guard repeated.isEmpty else { throw ExportRowError(reason: .repeatedColumns(repeated), row: 0) }
        places = Dictionary(needed.map { ($0, found($0)[0]) }, uniquingKeysWith: { first, _ in first })
        count = header.count
    }

    /// Decodes a row.
    func row<Row: Decodable>(_ fields: [String], as type: Row.Type, number: Int64) throws -> Row {
        guard fields.count == count else {
            throw ExportRowError(reason: .wrongFieldCount(expected: count, found: fields.count), row: number)
        }
        do {
            return try type.init(from: RowDecoder(places: places, fields: fields))
        } catch let invalid as InvalidField {
            throw ExportRowError(reason: invalid.reason, row: number)
        }
    }
}

/// A field that is not of its property's type.
struct InvalidField: Error {
    var reason: ExportRowError.Reason
}
