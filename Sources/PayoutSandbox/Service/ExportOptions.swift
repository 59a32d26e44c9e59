import Primitives

/// The query of a creation.
struct ExportOptions: Sendable {
    /// Decoded; empty for none.
    var filter = ""
    var isTSV = false

    init(filter: String, isTSV: Bool) { (self.filter, self.isTSV) = (filter, isTSV) }

    init(query: String, kind: ExportRecord.Kind) throws {
        guard let fields = FormFields(query) else {
            throw ServiceError.invalidRequest("The query is not well-formed.")
        }
        for name in ["$filter", "fileformat"] where fields.count(of: name) > 1 {
            throw ServiceError.invalidRequest("A query option occurs twice.", target: name)
        }
        if let format = fields["fileformat"] {
            switch format.lowercased() {
            case "csv": isTSV = false
            case "tsv": isTSV = true
            default: throw ServiceError.invalidRequest("The file format is csv or tsv.", target: "fileformat")
            }
        }
        if let filter = fields["$filter"] {
            _ = try FilterReader.read(filter, kind: kind)
            self.filter = filter
        }
    }
}
