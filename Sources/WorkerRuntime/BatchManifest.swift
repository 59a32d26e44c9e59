/// The manifest of a batch, to be stored as a file of its own.
public struct BatchManifest: Sendable {
    /// The batch's id, which names the file.
    public var batchID: String
    /// The file's content: the JSON document of the batch's event.
    public var document: [UInt8]

    /// Creates a manifest.
    public init(batchID: String, document: [UInt8]) {
        self.batchID = batchID
        self.document = document
    }
}
