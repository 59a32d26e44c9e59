import Primitives

extension Secret {
    /// The secret's text; a file is read on a thread that may block.
    ///
    /// - Parameter action: The operation that needs the secret, as a verb phrase for errors.
    func reveal(_ action: String) async throws(FileStoreError) -> String {
        let text = filePath == nil ? try? read() : await SmallFile.onThread { try? self.read() }
        if let text { return text }
        throw FileStoreError(
            .noCredentials,
            action: action,
            path: filePath ?? "",
            detail: "the file cannot be read, is empty, is not text, or is larger than 64 KiB"
        )
    }
}
