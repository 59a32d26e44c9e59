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
            guard etag == nil || etag == self.progress.etag,
                let range = ContentRange(headers.first(name: "content-range")), range.start == self.progress.offset,
                range.total == nil || self.progress.expectedSize == nil || range.total == self.progress.expectedSize
            else {
                self.mustRestart = true
                throw self.error(.corrupted("the file has changed during the download"))
            }
            self.progress.expectedSize = self.progress.expectedSize ?? range.total
            return try self.expectKnownEnd(response)
        }
        let isSame =
            self.progress.canResume && etag == self.progress.etag
            && (length == nil || length == self.progress.expectedSize)
        if isSame {
            // The server does not support ranges and sends the same bytes again.
            self.skipping = self.progress.offset
            return try self.expectKnownEnd(response)
        }
        if self.progress.offset > 0 || self.progress.hasBegun {
            try await ConsumerError.wrap { try await consumer.restart() }
        }
        self.progress = DownloadProgress()
        self.progress.expectedSize = length
        self.progress.etag = etag
        self.progress.contentType = headers.first(name: "content-type")
        self.progress.contentMD5 = headers.first(name: "content-md5").flatMap(md5Digest)
        try self.expectKnownEnd(response)
        let info = BlobInfo(
            expectedSize: length,
            contentType: self.progress.contentType,
            etag: etag,
            fileName: self.url.fileName
        )
        try await ConsumerError.wrap { try await consumer.begin(info) }
        self.progress.hasBegun = true
    }

    /// Throws for a body that ends with its connection, without a known length or checksum: it may be truncated.
    private func expectKnownEnd(_ response: StreamingAnswer) throws {
        guard self.progress.expectedSize == nil, self.progress.contentMD5 == nil, !response.marksItsEnd else { return }
        throw self.error(.unframed)
    }

    mutating func receive(_ body: StreamedBody, _ consumer: some BlobConsumer) async throws {
        var digests = DigestPipe(self.progress.digests, withMD5: self.progress.contentMD5 != nil)
        do {
            try await self.receiveChunks(of: body, consumer, &digests)
        } catch {
            // The next attempt continues with these digests.
            self.progress.digests = await digests.settled()
            throw error
        }
        self.progress.digests = await digests.settled()
        if let expected = self.progress.expectedSize, self.progress.offset < expected, self.progress.canResume {
            throw self.error(.transport(.closed))
        }
        if let damage = self.progress.damage() {
            self.mustRestart = true
            throw self.error(.corrupted(damage))
        }
    }

    private mutating func receiveChunks(
        of body: StreamedBody,
        _ consumer: some BlobConsumer,
        _ digests: inout DigestPipe
    ) async throws {
        var iterator = body.makeAsyncIterator()
        // The consumer receives nothing before the beginning was checked to be that of a file.
        var head: ByteBuffer? = self.progress.offset == 0 ? ByteBuffer() : nil
        while true {
            self.watch.beginWait(isBody: true)
            let next = try await iterator.next()
            try self.endWait(received: next?.readableBytes ?? 0)
            guard var chunk = next else { break }
            if self.skipping > 0 {
                let skipped = min(self.skipping, Int64(chunk.readableBytes))
                chunk.moveReaderIndex(forwardBy: Int(skipped))
                self.skipping -= skipped
            }
            if var beginning = head {
                if beginning.readableBytes == 0 { beginning = chunk } else { beginning.writeBuffer(&chunk) }
                head = beginning
                guard beginning.readableBytes >= ForeignDocument.decisiveBytes else { continue }
                try self.expectFile(beginning)
                (chunk, head) = (beginning, nil)
            }
            try await self.pass(chunk, consumer, &digests)
            if let expected = self.progress.expectedSize, self.progress.offset > expected { break }
        }
        guard let head else { return }
        try self.expectFile(head)
        try await self.pass(head, consumer, &digests)
    }

    private func expectFile(_ head: ByteBuffer) throws {
        guard let document = ForeignDocument(head: head, contentType: self.progress.contentType) else { return }
        throw self.error(.wrongContent("the storage's answer is \(document.rawValue) in place of the file"))
    }

    private mutating func pass(
        _ chunk: ByteBuffer,
        _ consumer: some BlobConsumer,
        _ digests: inout DigestPipe
    ) async throws {
        guard chunk.readableBytes > 0 else { return }
        await digests.add(chunk)
        try await ConsumerError.wrap { try await consumer.receive(chunk) }
        self.progress.advance(by: chunk)
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
