/// A filter as the service understands it. Negations are resolved while it is read.
///
/// It deliberately shares no code with the worker's parser, so that one can check the other.
indirect enum FilterTree: Equatable, Sendable {
    case comparison(FilterTerm)
    case all([FilterTree])
    case any([FilterTree])

    /// The filter that selects the other rows.
    var negated: FilterTree {
        switch self {
        case .comparison(let term): .comparison(FilterTerm(field: term.field, op: term.op.negated, value: term.value))
        case .all(let terms): .any(terms.map(\.negated))
        case .any(let terms): .all(terms.map(\.negated))
        }
    }

    /// Sets of comparisons, of which a selected row satisfies at least one set.
    ///
    /// - Parameter limit: How many sets there are at most. A filter that has more selects fewer rows than it could.
    func alternatives(limit: Int) -> [[FilterTerm]] {
        switch self {
        case .comparison(let term): return [[term]]
        case .any(let terms):
            return Array(terms.lazy.flatMap { $0.alternatives(limit: limit) }.prefix(limit))
        case .all(let terms):
            return terms.reduce([[]]) { sets, term in
                let more = term.alternatives(limit: limit)
                return Array(sets.lazy.flatMap { set in more.lazy.map { set + $0 } }.prefix(limit))
            }
        }
    }

    /// All comparisons.
    var terms: [FilterTerm] {
        switch self {
        case .comparison(let term): [term]
        case .all(let inner), .any(let inner): inner.flatMap(\.terms)
        }
    }
}

/// A field that is compared with a value.
struct FilterTerm: Equatable, Sendable {
    var field: String
    var op: Comparison
    var value: Literal

    enum Comparison: String, Sendable {
        case eq, ne, gt, ge, lt, le

        var negated: Comparison {
            switch self {
            case .eq: .ne
            case .ne: .eq
            case .gt: .le
            case .ge: .lt
            case .lt: .ge
            case .le: .gt
            }
        }

        /// The comparison with its sides exchanged.
        var mirrored: Comparison {
            switch self {
            case .eq, .ne: self
            case .gt: .lt
            case .ge: .le
            case .lt: .gt
            case .le: .ge
            }
        }

        /// Whether two values compare so.
        func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
            switch self {
            case .eq: left == right
            case .ne: left != right
            case .gt: left > right
            case .ge: left >= right
            case .lt: left < right
            case .le: left <= right
            }
        }
    }

    enum Literal: Equatable, Sendable {
        case text(String)
        /// A number or a date as it was written.
        case bare(String)
        case boolean
        case null
    }
}
