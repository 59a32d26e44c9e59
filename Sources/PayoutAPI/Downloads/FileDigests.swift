import Crypto
import NIOCore

/// The digests of the bytes so far.
struct FileDigests: Sendable {
    private var sha256State = SHA256()
    private var md5State = Insecure.MD5()

    /// - Parameter withMD5: Whether there is an MD5 to compare with; reckoning it costs more than SHA-256.
    mutating func update(_ chunk: ByteBuffer, withMD5: Bool) {
        chunk.withUnsafeReadableBytes { bytes in
            self.sha256State.update(bufferPointer: bytes)
            if withMD5 { self.md5State.update(bufferPointer: bytes) }
        }
    }

    /// In lower-case hexadecimal.
    var sha256: String { hexText(self.sha256State.finalize()) }

    var md5: [UInt8] { Array(self.md5State.finalize()) }
}

/// Reckons digests while the consumer takes the same chunk and the next one is read. At most one chunk is under way, so
/// that a slow processor holds the network back instead of filling the memory.
struct DigestPipe {
    /// For less, handing over costs more than it saves.
    private static let worthwhile = 32 * 1024

    private let withMD5: Bool
    private var digests: FileDigests
    private var underWay: Task<FileDigests, Never>?

    init(_ digests: FileDigests, withMD5: Bool) {
        self.digests = digests
        self.withMD5 = withMD5
    }

    /// Takes a chunk as soon as the one before is done.
    mutating func add(_ chunk: ByteBuffer) async {
        var digests = await self.settled()
        guard chunk.readableBytes >= Self.worthwhile else {
            digests.update(chunk, withMD5: self.withMD5)
            self.digests = digests
            return
        }
        let (before, withMD5) = (digests, self.withMD5)
        self.underWay = Task.detached {
            var after = before
            after.update(chunk, withMD5: withMD5)
            return after
        }
    }

    /// The digests of everything that was added.
    mutating func settled() async -> FileDigests {
        if let underWay = self.underWay {
            self.digests = await underWay.value
            self.underWay = nil
        }
        return self.digests
    }
}
