import Primitives

/// The name of a file in a store: parts from the outermost to the file's own name.
///
/// Every part is safe as the name of a directory or file, whatever text it was made of: letters, digits and a few signs,
/// anything else percent-encoded; never empty, never beginning with a dot, of bounded length. Different values yield
/// different parts.
public struct FileKey: Hashable, Sendable, CustomStringConvertible {
    /// The longest part, in bytes; below the limit of file systems (255), which leaves room for suffixes.
    public static let maximumPartLength = 200

    /// The folder of the batches' manifests. No key of a ``FileKeyTemplate`` begins with it.
    public static let manifestFolder = "_batch"

    /// The parts; at least one.
    public let parts: [String]

    /// Creates a key, making every part safe.
    ///
    /// - Returns: `nil` when there are no parts.
    public init?(parts: [String]) {
        guard !parts.isEmpty else { return nil }
        self.init(safeParts: parts.map { Self.bounded(Self.escaped($0)) })
    }

    init(safeParts: [String]) { parts = safeParts }

    /// The parts with slashes between them.
    public var description: String { parts.joined(separator: "/") }

    /// Percent-encodes every byte that is not safe everywhere. `~` is encoded too: it marks truncated parts.
    static func escaped(_ text: String) -> String { text.percentEncoded(where: isHarmless) }

    /// Makes a part's length and its first character safe.
    ///
    /// - Parameter limit: The longest part in bytes, at least 50.
    static func bounded(_ part: String, to limit: Int = maximumPartLength) -> String {
        guard let first = part.utf8.first else { return "_" }
        var part = part
        // No part is a hidden file, `.` or `..`.
        if first == UInt8(ascii: ".") { part = "%2E" + part.dropFirst() }
        guard part.utf8.count > limit else { return part }
        // The digest keeps truncated parts distinct.
        let digest = "~" + sha256Hexadecimal(Array(part.utf8)).prefix(32)
        var suffix = ""
        if let dot = part.lastIndex(of: "."), part[dot...].utf8.count <= 16 { suffix = String(part[dot...]) }
        let kept = part.utf8.prefix(limit - digest.utf8.count - suffix.utf8.count)
        return String(decoding: kept, as: UTF8.self) + digest + suffix
    }

    static func isHarmless(_ byte: UInt8) -> Bool {
        byte.isASCIIAlphanumeric || "._-:=@,".utf8.contains(byte)
    }
}
