// Checks that depend on the export of a filter. They only warn: the service may accept more than it documents.

func lintComparison(_ site: ComparisonSite, for kind: PayoutKind) -> [PendingDiagnostic] {
    let comparison = site.comparison
    guard let field = kind.field(named: comparison.field) else {
        return [
            PendingDiagnostic(
                severity: .warning,
                code: .unknownField,
                utf8Offset: site.fieldOffset,
                message: unknownFieldMessage(comparison.field, kind: kind),
                correction: kind.fields.first { $0.name.lowercased() == comparison.field.lowercased() }.map { field in
                    FilterEdit(
                        range: site.fieldOffset..<(site.fieldOffset + comparison.field.utf8.count),
                        replacement: field.name
                    )
                }
            )
        ]
    }
    if !field.type.accepts(comparison.value) {
        return [
            PendingDiagnostic(
                severity: .warning,
                code: .typeMismatch,
                utf8Offset: site.valueRange.lowerBound,
                message: "\(field.name) takes \(field.type.phrase), not \(comparison.value.phrase)",
                correction: comparison.converted(to: field.type).map { literal in
                    FilterEdit(range: site.valueRange, replacement: literal.description)
                }
            )
        ]
    }
    if case .string(let text) = comparison.value, !field.knownValues.isEmpty, !field.knownValues.contains(text) {
        let known = field.knownValues.map { "'\($0)'" }.joined(separator: ", ")
        return [
            PendingDiagnostic(
                severity: .warning,
                code: .unknownValue,
                utf8Offset: site.valueRange.lowerBound,
                message: "\(field.name) is documented to be one of \(known)"
            )
        ]
    }
    return []
}

private func unknownFieldMessage(_ name: String, kind: PayoutKind) -> String {
    let shown = shortened(name)
    let lower = name.lowercased()
    if let other = kind.fields.first(where: { $0.name.lowercased() == lower }) {
        return "\(kind) has no field \(shown): names are compared with regard to case, write \(other.name)"
    }
    if kind == .payments, name == "paymentDate" {
        return "payments has no documented field paymentDate: write payoutStatusUpdateTS"
    }
    for other in PayoutKind.allCases where other != kind && other.field(named: name) != nil {
        return "\(kind) has no field \(shown): it belongs to \(other)"
    }
    let near = kind.fields.map { (field: $0, distance: editDistance(name, $0.name, limit: 3)) }
        .min { $0.distance < $1.distance }
    if let near, near.distance < 3 {
        return "\(kind) has no field \(shown): is \(near.field.name) meant?"
    }
    return "\(kind) has no field \(shown): it has \(kind.fields.map(\.name).joined(separator: ", "))"
}

/// How many letters must be changed, at most `limit`.
package func editDistance(_ left: String, _ right: String, limit: Int) -> Int {
    let left = Array(left.utf8)
    let right = Array(right.utf8)
    // Field names are short; a much longer word is not a misspelling of one.
    guard abs(left.count - right.count) < limit else { return limit }
    var row = Array(0...right.count)
    for (offset, byte) in left.enumerated() {
        var diagonal = row[0]
        row[0] = offset + 1
        for column in right.indices {
            let substituted = diagonal + (right[column] == byte ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(substituted, diagonal + 1, row[column] + 1)
        }
    }
    return min(row[right.count], limit)
}

extension FilterFieldType {
    func accepts(_ literal: FilterLiteral) -> Bool {
        switch (self, literal) {
        case (_, .null): true
        case (.string, .string), (.number, .number), (.dateTime, .dateTime): true
        case (.stringOrNumber, .string), (.stringOrNumber, .number): true
        default: false
        }
    }
}

extension FilterComparison {
    /// The same value as a literal of another type: a date or a number without its quotes, or the digits of an id in quotes.
    /// Nil where the value is none of that type, or the comparison would have another meaning: texts have another order than
    /// numbers, and 1e3 and 1000 are one number but two texts.
    func converted(to type: FilterFieldType) -> FilterLiteral? {
        switch (value, type) {
        case (.string(let text), .dateTime): FilterDate(text).map { .dateTime($0.text) }
        case (.string(let text), .number): FilterNumber(text).map { .number($0.text) }
        case (.number(let text), .string):
            (op == .eq || op == .ne) && text.utf8.allSatisfy(isDigit) ? .string(text) : nil
        default: nil
        }
    }
}

extension FilterLiteral {
    var phrase: String {
        switch self {
        case .string: "text"
        case .number: "a number"
        case .dateTime: "a date"
        case .boolean: "true or false"
        case .null: "null"
        }
    }
}
