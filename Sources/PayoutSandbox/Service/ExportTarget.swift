/// A path of the export API, taken apart.
struct ExportTarget: Sendable {
    var kind: PayoutSandbox.ExportFacts.Kind
    /// The last segment; nil for the collection.
    var id: Substring?

    init?(path: String) {
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard (3...4).contains(segments.count), segments[0].lowercased() == "v1.0",
            segments[1].lowercased() == "payouts",
            let kind = PayoutSandbox.ExportFacts.Kind(rawValue: segments[2].lowercased())
        else { return nil }
        self.kind = kind
        id = segments.count == 4 && !segments[3].isEmpty ? segments[3] : nil
    }
}
