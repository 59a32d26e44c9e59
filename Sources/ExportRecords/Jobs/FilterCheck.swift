import ExportCore
import PayoutFilters

/// Checks a job's filter. Returns errors, and warnings about valid filters that are probably wrong.
func lintFilter(_ filter: String, kind: ExportKind?) -> (errors: [FieldError], warnings: [FieldError]) {
    let diagnostics: [FilterDiagnostic] =
        switch kind {
        case .transactionHistory: ODataFilter.lint(filter, for: .transactionHistory)
        case .payments: ODataFilter.lint(filter, for: .payments)
        case nil: ODataFilter.parse(filter).errors
        }
    var (errors, warnings): ([FieldError], [FieldError]) = ([], [])
    for diagnostic in diagnostics {
        let message = "at character \(diagnostic.characterOffset + 1): \(diagnostic.message)"
        switch diagnostic.severity {
        case .error: errors.append(FieldError(field: "filter", message: message))
        case .warning: warnings.append(FieldError(field: "filter", message: message))
        }
    }
    return (errors, warnings)
}
