import HTTPStandIns
import TestSupport

/// Mutates the inputs of a corpus for `FuzzTests`. The same seed yields the same inputs.
struct Mutator {
    private static let maximumSize = 4096
    private static let interesting: [UInt8] = [
        0x00, 0x09, 0x0A, 0x0D, 0x1F, 0x20, 0x22, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2B, 0x2F, 0x3A, 0x3D, 0x3F, 0x40,
        0x5B, 0x5C, 0x5D, 0x7B, 0x7D, 0x7F, 0x80, 0xBF, 0xC0, 0xE2, 0xED, 0xEF, 0xF0, 0xFF,
    ]

    let corpus: [[UInt8]]
    let dictionary: [[UInt8]]
    private var random: SeededGenerator

    init(corpus: [[UInt8]], dictionary: [String], seed: UInt64) {
        self.corpus = corpus.isEmpty ? [[]] : corpus
        self.dictionary = dictionary.map { Array($0.utf8) }
        self.random = SeededGenerator(seed: seed)
    }

    /// An input of the corpus after one to eight changes.
    mutating func next() -> [UInt8] {
        var bytes = self.corpus[Int.random(in: self.corpus.indices, using: &self.random)]
        for _ in 0..<Int.random(in: 1...8, using: &self.random) { self.change(&bytes) }
        if bytes.count > Self.maximumSize { bytes.removeLast(bytes.count - Self.maximumSize) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        let range = self.range(in: bytes)
        switch Int.random(in: 0..<9, using: &self.random) {
        case 0 where !bytes.isEmpty:
            bytes[Int.random(in: bytes.indices, using: &self.random)] ^=
                1 << UInt8.random(in: 0..<8, using: &self.random)
        case 1 where !bytes.isEmpty:
            bytes[Int.random(in: bytes.indices, using: &self.random)] = self.byte()
        case 2: bytes.removeSubrange(range)
        case 3: bytes.insert(contentsOf: Array(bytes[range]), at: range.upperBound)
        case 4:
            // Repetition yields depth and length.
            let piece = Array(bytes[range].prefix(16))
            let copies = Int.random(in: 2...64, using: &self.random)
            bytes.insert(contentsOf: Array(repeating: piece, count: copies).joined(), at: range.lowerBound)
        case 5, 6:
            guard let word = self.dictionary.randomElement(using: &self.random) else { return }
            bytes.replaceSubrange(
                range.lowerBound..<(Bool.random(using: &self.random) ? range.lowerBound : range.upperBound),
                with: word
            )
        case 7:
            let other = self.corpus[Int.random(in: self.corpus.indices, using: &self.random)]
            bytes.replaceSubrange(range, with: other[self.range(in: other)])
        default: bytes.insert(self.byte(), at: range.lowerBound)
        }
    }

    private mutating func byte() -> UInt8 {
        Bool.random(using: &self.random)
            ? UInt8.random(in: .min ... .max, using: &self.random)
            : Self.interesting[Int.random(in: Self.interesting.indices, using: &self.random)]
    }

    private mutating func range(in bytes: [UInt8]) -> Range<Int> {
        let start = Int.random(in: 0...bytes.count, using: &self.random)
        let longest = min(bytes.count - start, Bool.random(using: &self.random) ? 4 : 64)
        return start..<(start + Int.random(in: 0...longest, using: &self.random))
    }
}
