public import ExportCore
import Foundation

extension ExportJob {
    /// The fields of ``ExportCore/ExportJob/metadataJSON``; nil where there are none.
    public var metadata: [String: String]? {
        guard let json = metadataJSON,
            let fields = try? JSONDecoder().decode([String: String].self, from: Data(json.utf8)), !fields.isEmpty
        else { return nil }
        return fields
    }
}
