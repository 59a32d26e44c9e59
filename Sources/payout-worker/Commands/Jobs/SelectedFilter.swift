import ArgumentParser
import PayoutFilters

/// The filter of a selection for one period.
struct SelectedFilter {
    /// The filter; nil if nothing is selected.
    var text: String?
    /// What `--filter` was rewritten to; nil if it was sent as given.
    var rewritten: String?

    /// - Parameters:
    ///   - options: The flags.
    ///   - period: The period, or a part of it.
    ///   - isChecked: Whether `--filter` is checked and rewritten.
    /// - Throws: `ValidationError` with the mistakes of `--filter`.
    init(_ options: SelectionOptions, kind: PayoutKind, period: FilterPeriod?, isChecked: Bool) throws {
        var terms: [FilterExpression] =
            switch kind {
            case .transactionHistory: Self.terms(options, period, TransactionHistory.self)
            case .payments: Self.terms(options, period, Payments.self)
            }
        guard let filter = options.filter else {
            text = terms.isEmpty ? nil : FilterExpression.all(terms).description
            return
        }
        guard isChecked else {
            text = (terms.map(Self.operand) + (terms.isEmpty ? [filter] : ["(\(filter))"])).joined(separator: " and ")
            return
        }
        let corrected = ODataFilter.correct(filter, for: kind)
        guard let expression = corrected.parsed.expression else {
            let mistakes = corrected.parsed.errors.map { "\($0)" }.joined(separator: "; ")
            throw ValidationError("--filter: \(mistakes). To send it without the check, use --no-check.")
        }
        if corrected.isRewritten { rewritten = corrected.text }
        guard !terms.isEmpty else {
            text = corrected.text
            return
        }
        terms.append(expression)
        text = FilterExpression.all(terms).description
    }

    private static func terms<Kind: FilterKind>(
        _ options: SelectionOptions,
        _ period: FilterPeriod?,
        _: Kind.Type
    ) -> [FilterExpression] {
        [
            period.map(Kind.during),
            PayoutFilter.any(options.participant.map { Kind.enrollmentParticipantId.eq(.text($0)) }),
            PayoutFilter.any(options.program.map(Kind.programName.eq)),
        ].compactMap { $0?.expression }
    }

    private static func operand(_ term: FilterExpression) -> String {
        if case .any = term { "(\(term))" } else { term.description }
    }
}
