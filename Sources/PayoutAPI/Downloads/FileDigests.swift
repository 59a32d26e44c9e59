import Crypto
import NIOCore
import Primitives

/// The SHA-256 and the MD5 of the bytes that a download has received so far.
struct FileDigests: Sendable {
    private var sha256State = SHA256()
    private var md5State = Insecure.MD5()

    /// Adds bytes.
    ///
    /// - Parameter withMD5: Whether there is an MD5 to compare with; computing it costs more than SHA-256.
    mutating func update(_ chunk: ByteBuffer, withMD5: Bool) {
        chunk.withUnsafeReadableBytes { bytes in
            sha256State.update(bufferPointer: bytes)
            if withMD5 { md5State.update(bufferPointer: bytes) }
        }
    }

    /// In lower-case hexadecimal.
    var sha256: String { Hexadecimal.encoded(sha256State.finalize()) }

    var md5: [UInt8] { Array(md5State.finalize()) }
}

/// Computes digests in a task of its own, while the consumer receives the same chunk and the next one is read. At most one chunk
/// is in flight, so that a slow processor slows the network down instead of filling the memory. `DownloadAttempt` uses it.
struct DigestPipe {
    /// The smallest chunk, in bytes, for which a task costs less than it saves.
    private static let leastSize = 32 * 1024

    private let withMD5: Bool
    private var digests: FileDigests
    private var inFlight: Task<FileDigests, Never>?

    init(_ digests: FileDigests, withMD5: Bool) {
        self.digests = digests
        self.withMD5 = withMD5
    }

    /// Adds a chunk, once the one before is done.
    mutating func add(_ chunk: ByteBuffer) async {
        var digests = await settled()
        guard chunk.readableBytes >= Self.leastSize else {
            digests.update(chunk, withMD5: self.withMD5)
            self.digests = digests
            return
        }
        let (before, withMD5) = (digests, self.withMD5)
        self.inFlight = Task.detached {
            var after = before
            after.update(chunk, withMD5: withMD5)
            return after
        }
    }

    /// The digests of everything that was added.
    mutating func settled() async -> FileDigests {
        if let inFlight = self.inFlight {
            self.digests = await inFlight.value
            self.inFlight = nil
        }
        return self.digests
    }
}
