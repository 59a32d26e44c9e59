import ExportCore
import PayoutFilters

/// A job's filter after the check.
struct CheckedFilter {
    /// The filter to send: what was given, or what it was rewritten to.
    var text: String
    /// Why the filter is refused; empty for one that can be sent.
    var errors: [FieldError] = []
    /// What was rewritten, and what is probably wrong in a filter that can be sent.
    var warnings: [FieldError] = []

    /// How much of a filter a warning repeats, in characters.
    private static let shownCharacters = 500

    /// Checks a filter, and rewrites it where its meaning is certain.
    init(_ filter: String, kind: ExportKind?) {
        let payoutKind: PayoutKind? =
            switch kind {
            case .transactionHistory: .transactionHistory
            case .payments: .payments
            case nil: nil
            }
        let corrected = ODataFilter.correct(filter, for: payoutKind)
        text = corrected.text
        if corrected.isRewritten {
            let shown = text.prefix(Self.shownCharacters)
            let mark = shown.endIndex < text.endIndex ? "…" : ""
            warnings.append(FieldError(field: "filter", message: "was rewritten to: \(shown)\(mark)"))
        }
        for diagnostic in corrected.parsed.diagnostics {
            let message = "at character \(diagnostic.characterOffset + 1): \(diagnostic.message)"
            switch diagnostic.severity {
            case .error: errors.append(FieldError(field: "filter", message: message))
            case .warning where kind != nil: warnings.append(FieldError(field: "filter", message: message))
            case .warning: break
            }
        }
    }
}
