/// The permissions of the files and folders that a `LocalFileStore` creates.
public struct FileMode: Hashable, Sendable {
    /// `0640`: the owner reads and writes, the group reads.
    public static let standard = FileMode(bits: 0o640)

    /// The mode of files, hidden files of uploads in progress included.
    let bits: UInt32

    /// The mode of folders: a user who may read may also search.
    var folderBits: UInt32 { bits | (bits & 0o444) >> 2 }

    private init(bits: UInt32) { self.bits = bits }

    /// Reads an octal mode such as `0640`.
    ///
    /// - Returns: `nil` unless the owner may read and write and no right to execute is granted.
    public init?(_ text: String) {
        guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "7") ~= $0 }),
            let bits = UInt32(text, radix: 8), bits & ~0o666 == 0, bits & 0o600 == 0o600
        else { return nil }
        self.bits = bits
    }
}
