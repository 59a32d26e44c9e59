import FileStores
import WorkerExports

/// Sentences of the tests.
struct PlainTexts: DeliveryTexts {
    func sentence(for error: FileStoreError) -> String { "store: \(error)" }

    func sentence(for file: UnsuitableFile) -> String {
        "unsuitable: \(file.kind) \(file.requestID ?? "-") \(file.signature)"
    }
}
