import Foundation
import Testing

/// A parser of untrusted input, with the properties that `FuzzTests` checks for each input.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
    /// The name, which is also the folder of its corpus.
    let name: String
    /// Words that mutations insert.
    let dictionary: [String]
    /// Parses an input, and returns the property that is violated; nil when there is none.
    let problem: @Sendable ([UInt8]) -> String?

    var testDescription: String { self.name }

    static let all: [FuzzTarget] = [
        .filters, .envelopes, .errorBodies, .sasURLs, .tokens, .headers, .claims, .answers,
    ]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    /// The committed inputs, by name.
    func corpus() throws -> [(name: String, bytes: [UInt8])] {
        let folder = Self.folder.appending(path: self.name)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { !$0.hasPrefix(".") }
            .map { ($0, Array(try Data(contentsOf: folder.appending(path: $0)))) }
    }
}

/// The present input, in a memory-mapped file that survives a crash of the process, so that the crashing input can be found.
final class CurrentInput {
    private static let capacity = 8192
    private let bytes: UnsafeMutableRawBufferPointer

    init(path: String) throws {
        let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        guard file >= 0, ftruncate(file, off_t(Self.capacity)) == 0 else { throw CocoaError(.fileWriteUnknown) }
        let address = mmap(nil, Self.capacity, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        close(file)
        guard let address, address != MAP_FAILED else { throw CocoaError(.fileWriteUnknown) }
        self.bytes = UnsafeMutableRawBufferPointer(start: address, count: Self.capacity)
    }

    /// Writes the length in decimal, a line end and the input.
    func set(_ input: [UInt8]) {
        let head = Array("\(input.count)\n".utf8)
        self.bytes.copyBytes(from: head)
        UnsafeMutableRawBufferPointer(rebasing: self.bytes[head.count...])
            .copyBytes(from: input.prefix(Self.capacity - head.count))
    }

    deinit { munmap(self.bytes.baseAddress, Self.capacity) }
}
