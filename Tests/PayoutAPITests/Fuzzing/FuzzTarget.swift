import Foundation
import Testing

/// Something that reads what others wrote.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
    /// The folder of its corpus.
    let name: String
    /// Words that inputs are made of.
    let dictionary: [String]
    /// What does not hold of an input; nil when all does.
    let problem: @Sendable ([UInt8]) -> String?

    var testDescription: String { self.name }

    static let all: [FuzzTarget] = [.filters, .envelopes, .errorBodies, .sasURLs, .tokens, .headers]

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    /// The committed inputs, by name.
    func corpus() throws -> [(name: String, bytes: [UInt8])] {
        let folder = Self.folder.appending(path: self.name)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { !$0.hasPrefix(".") }
            .map { ($0, Array(try Data(contentsOf: folder.appending(path: $0)))) }
    }
}

/// The input that is tried at present, in a file that outlives the process: what made it crash is found there.
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

    /// The length in decimal, a line end, the input.
    func set(_ input: [UInt8]) {
        let head = Array("\(input.count)\n".utf8)
        self.bytes.copyBytes(from: head)
        UnsafeMutableRawBufferPointer(rebasing: self.bytes[head.count...])
            .copyBytes(from: input.prefix(Self.capacity - head.count))
    }

    deinit { munmap(self.bytes.baseAddress, Self.capacity) }
}
