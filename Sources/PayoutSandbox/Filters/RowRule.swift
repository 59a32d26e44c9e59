import Primitives

/// What a set of comparisons demands of a row: for each field that they name, the values to choose from.
struct RowRule: Sendable {
    private var texts: [FilterableField: [String]] = [:]
    private var ranges: [FilterableField: ValueRange] = [:]

    /// The most alternatives of a filter that are tried, and of them the most that rows are made for.
    private static let maximumAlternatives = 256
    private static let maximumRules = 16

    /// The rules of a filter, of which every row follows one; empty if no row can satisfy it.
    ///
    /// - Throws: ``ServiceError`` with status 400.
    static func rules(of filter: String, kind: PayoutSandbox.ExportFacts.Kind) throws -> [RowRule] {
        let alternatives = try FilterReader.read(filter, kind: kind).alternatives(limit: maximumAlternatives)
        return Array(alternatives.lazy.compactMap { RowRule($0, kind: kind) }.prefix(maximumRules))
    }

    /// Nil if no row can satisfy all of the comparisons.
    private init?(_ terms: [FilterTerm], kind: PayoutSandbox.ExportFacts.Kind) {
        for (name, terms) in Dictionary(grouping: terms, by: \.field) {
            guard let field = FilterableField(rawValue: name) else { return nil }
            switch field.values {
            case .text, .textOrNumber:
                let values = Self.texts(field, terms, kind: kind)
                guard !values.isEmpty else { return nil }
                texts[field] = values
            case .number, .date:
                guard let range = ValueRange(field, terms) else { return nil }
                ranges[field] = range
            }
        }
    }

    /// The bytes by which the texts of a row may exceed those of a row without a rule, quotes included.
    var extraBytes: Int { texts.values.reduce(0) { $0 + 2 * ($1.map(\.utf8.count).max() ?? 0) } }

    /// A text for a field; nil if any will do.
    func text(_ field: FilterableField, using random: inout SplitMix64) -> String? {
        texts[field].map { $0[Int(random.below(UInt64($0.count)))] }
    }

    /// Hundredths or seconds for a field; nil if any will do.
    func number(_ field: FilterableField, using random: inout SplitMix64) -> Int64? {
        ranges[field].map { $0.draw(using: &random) }
    }

    /// The usual values of a field that satisfy the comparisons, or else values made from the comparisons.
    private static func texts(
        _ field: FilterableField,
        _ terms: [FilterTerm],
        kind: PayoutSandbox.ExportFacts.Kind
    ) -> [String] {
        let isSelected = { (text: String) in terms.allSatisfy { holds($0, text) } }
        let usual = kind.usualTexts(of: field).filter(isSelected)
        guard usual.isEmpty else { return usual }
        let bounds = terms.compactMap { term in
            switch term.value {
            case .text(let text), .bare(let text): text
            case .boolean, .null: nil
            }
        }
        let numbers = bounds.compactMap { Int32($0) }.flatMap { [String(Int64($0) - 1), String(Int64($0) + 1)] }
        return (bounds + bounds.map { $0 + "0" } + bounds.map { String($0.dropLast()) } + numbers).filter(isSelected)
    }

    private static func holds(_ term: FilterTerm, _ text: String) -> Bool {
        switch term.value {
        case .text(let value): term.op.holds(order(text, value), 0)
        case .bare(let value):
            if let number = Double(text), let value = Double(value) { term.op.holds(number, value) } else { false }
        case .boolean: false
        // Nothing is null.
        case .null: term.op == .ne
        }
    }

    /// Below 0 if the first text is before the second, 0 if they are equal.
    private static func order(_ left: String, _ right: String) -> Int {
        if left.utf8.elementsEqual(right.utf8) { return 0 }
        return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    }
}

/// Whole numbers between two ends, some of them left out.
struct ValueRange: Sendable {
    private var low: Int64
    private var high: Int64
    private var excluded: Set<Int64> = []

    /// What is drawn from where the comparisons leave an end open, and how far beyond the other end.
    private struct Usual {
        var range: ClosedRange<Int64>
        var reach: Int64
        var limits: ClosedRange<Int64>
    }

    private static let dates = Usual(
        range: 1_672_531_200...1_779_531_199,
        reach: 30 * 86_400,
        limits: -62_135_596_800...253_402_300_799
    )
    private static let amounts = Usual(
        range: 100...50_000_000,
        reach: 10_000_000,
        limits: -1_000_000_000_000_000...1_000_000_000_000_000
    )

    /// The values of a field that satisfy all comparisons; nil if there are none.
    init?(_ field: FilterableField, _ terms: [FilterTerm]) {
        let usual = field.values == .date ? Self.dates : Self.amounts
        var (low, high) = (Int64?.none, Int64?.none)
        for term in terms {
            if term.value == .null {
                guard term.op == .ne else { return nil }
                continue
            }
            guard case .bare(let text) = term.value, let (value, isExact) = Self.value(text, field) else { return nil }
            switch term.op {
            case .ge: low = max(low ?? .min, isExact ? value : value + 1)
            case .gt: low = max(low ?? .min, value + 1)
            case .le: high = min(high ?? .max, value)
            case .lt: high = min(high ?? .max, isExact ? value - 1 : value)
            case .eq:
                guard isExact else { return nil }
                (low, high) = (max(low ?? .min, value), min(high ?? .max, value))
            case .ne: if isExact { excluded.insert(value) }
            }
        }
        let ends = Self.ends(low, high, usual)
        guard ends.low <= ends.high else { return nil }
        (self.low, self.high) = ends
        excluded = excluded.filter { (ends.low...ends.high).contains($0) }
        guard Int64(excluded.count) < self.high - self.low + 1 else { return nil }
    }

    private static func ends(_ low: Int64?, _ high: Int64?, _ usual: Usual) -> (low: Int64, high: Int64) {
        let first = low ?? (high.map { min(usual.range.lowerBound, $0 - usual.reach) } ?? usual.range.lowerBound)
        let last = high ?? (low.map { max(usual.range.upperBound, $0 + usual.reach) } ?? usual.range.upperBound)
        return (max(first, usual.limits.lowerBound), min(last, usual.limits.upperBound))
    }

    private static func value(_ text: String, _ field: FilterableField) -> (value: Int64, isExact: Bool)? {
        if field.values == .date { return Timestamp(filterLiteral: text).map { ($0.seconds, $0.nanoseconds == 0) } }
        return FilterAmount(text).map { ($0.hundredths, $0.isExact) }
    }

    /// One of the values.
    func draw(using random: inout SplitMix64) -> Int64 {
        var value = low + Int64(random.below(UInt64(high - low + 1)))
        // There is one that is not left out.
        while excluded.contains(value) { value = value == high ? low : value + 1 }
        return value
    }
}
