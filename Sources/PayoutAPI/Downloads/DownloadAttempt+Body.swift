import HTTPAccess
import NIOCore
import NIOHTTP1

// Reads a file's bytes: checks the answer's head, passes the body to the consumer, and verifies length and checksum.

extension DownloadAttempt {
    /// Determines at which byte the body begins, and begins or restarts the consumer where the file begins.
    mutating func prepare(for response: StreamingAnswer, _ consumer: some BlobConsumer) async throws {
        let headers = response.headers
        let etag = headers.first(name: "etag")
        let length = headers.first(name: "content-length").flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil }
        if response.status == 206 {
            // The request names the file's ETag, so the answer need not repeat it.
            guard etag == nil || etag == progress.etag,
                let range = ContentRange(headers.first(name: "content-range")), range.start == progress.offset,
                range.total == nil || progress.expectedSize == nil || range.total == progress.expectedSize
            else {
                mustRestart = true
                throw error(.corrupted("the file has changed during the download"))
            }
            progress.expectedSize = progress.expectedSize ?? range.total
            return try expectKnownEnd(response)
        }
        let isSame =
            progress.canResume && etag == progress.etag
            && (length == nil || length == progress.expectedSize)
        if isSame {
            // The server does not support ranges and sends the same bytes again.
            skipping = progress.offset
            return try expectKnownEnd(response)
        }
        if progress.offset > 0 || progress.hasBegun {
            try await ConsumerError.wrap { try await consumer.restart() }
        }
        progress = DownloadProgress()
        progress.expectedSize = length
        progress.etag = etag
        progress.contentType = headers.first(name: "content-type")
        progress.contentMD5 = headers.first(name: "content-md5").flatMap(md5Digest)
        try expectKnownEnd(response)
        let info = BlobInfo(
            expectedSize: length,
            contentType: progress.contentType,
            etag: etag,
            fileName: url.fileName
        )
        try await ConsumerError.wrap { try await consumer.begin(info) }
        progress.hasBegun = true
    }

    /// Throws for a body that ends with its connection, without a known length or checksum: it may be truncated.
    private func expectKnownEnd(_ response: StreamingAnswer) throws {
        guard progress.expectedSize == nil, progress.contentMD5 == nil, !response.marksItsEnd else { return }
        throw error(.unframed)
    }

    mutating func receive(_ body: StreamedBody, _ consumer: some BlobConsumer) async throws {
        var digests = DigestPipe(progress.digests, withMD5: progress.contentMD5 != nil)
        do {
            try await receiveChunks(of: body, consumer, &digests)
        } catch {
            // The next attempt continues with these digests.
            progress.digests = await digests.settled()
            throw error
        }
        progress.digests = await digests.settled()
        if let expected = progress.expectedSize, progress.offset < expected, progress.canResume {
            throw error(.transport(.closed))
        }
        if let damage = progress.damage() {
            mustRestart = true
            throw error(.corrupted(damage))
        }
    }

    private mutating func receiveChunks(
        of body: StreamedBody,
        _ consumer: some BlobConsumer,
        _ digests: inout DigestPipe
    ) async throws {
        var iterator = body.makeAsyncIterator()
        // The consumer receives nothing before the beginning was checked to be that of a file.
        var head: ByteBuffer? = progress.offset == 0 ? ByteBuffer() : nil
        while true {
            watch.beginWait(isBody: true)
            let next = try await iterator.next()
            try endWait(received: next?.readableBytes ?? 0)
            guard var chunk = next else { break }
            if skipping > 0 {
                let skipped = min(skipping, Int64(chunk.readableBytes))
                chunk.moveReaderIndex(forwardBy: Int(skipped))
                skipping -= skipped
            }
            if var beginning = head {
                if beginning.readableBytes == 0 { beginning = chunk } else { beginning.writeBuffer(&chunk) }
                head = beginning
                guard beginning.readableBytes >= ForeignDocument.decisiveBytes else { continue }
                try expectFile(beginning)
                (chunk, head) = (beginning, nil)
            }
            try await pass(chunk, consumer, &digests)
            if let expected = progress.expectedSize, progress.offset > expected { break }
        }
        guard let head else { return }
        try expectFile(head)
        try await pass(head, consumer, &digests)
    }

    private func expectFile(_ head: ByteBuffer) throws {
        guard let document = ForeignDocument(head: head, contentType: progress.contentType) else { return }
        throw error(.wrongContent("the storage's answer is \(document.rawValue) in place of the file"))
    }

    private mutating func pass(
        _ chunk: ByteBuffer,
        _ consumer: some BlobConsumer,
        _ digests: inout DigestPipe
    ) async throws {
        guard chunk.readableBytes > 0 else { return }
        await digests.add(chunk)
        try await ConsumerError.wrap { try await consumer.receive(chunk) }
        progress.advance(by: chunk)
    }
}

/// An error of the consumer, wrapped so that it is not treated as a failure of the network.
struct ConsumerError: Error {
    let underlying: any Error

    static func wrap(_ body: () async throws -> Void) async throws(ConsumerError) {
        do {
            try await body()
        } catch {
            throw ConsumerError(underlying: error)
        }
    }
}
