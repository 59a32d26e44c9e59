import ExportCore
import Logging

extension JobPause {
    /// The pause as metadata of a constant message.
    func logMetadata(_ partition: Int32) -> Logger.Metadata {
        [
            "partition": "\(partition)", "account": "\(target.account ?? "all")",
            "kind": "\(target.kind?.name ?? "all")", "reason": "\(phrase)",
        ]
    }
}
