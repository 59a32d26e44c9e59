/// The rules of filters whose files are downloaded: a file is fetched in parts, and many exports have the same filter.
struct RowRuleCache: Sendable {
    private struct Key: Hashable, Sendable {
        var filter: String
        var kind: PayoutSandbox.ExportFacts.Kind
    }

    /// The most filters whose rules are kept.
    private static let capacity = 64

    private var known: [Key: [RowRule]] = [:]

    /// The rules of a filter, of which every row follows one; empty if no row can satisfy it, nil if there is no filter.
    ///
    /// - Throws: ``ServiceError`` with status 400.
    mutating func rules(of filter: String, kind: PayoutSandbox.ExportFacts.Kind) throws -> [RowRule]? {
        guard !filter.isEmpty else { return nil }
        let key = Key(filter: filter, kind: kind)
        if let rules = known[key] { return rules }
        let rules = try RowRule.rules(of: filter, kind: kind)
        if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
        known[key] = rules
        return rules
    }
}
