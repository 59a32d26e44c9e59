import Foundation

/// Buffered standard output, for many lines.
struct ResultLines: ~Copyable {
    private var buffer: [UInt8] = []

    init() { buffer.reserveCapacity(1 << 16) }

    mutating func add(_ line: String) {
        buffer.append(contentsOf: line.utf8)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= 1 << 16 { flush() }
    }

    mutating func flush() {
        guard !buffer.isEmpty else { return }
        Terminal.write(String(decoding: buffer, as: UTF8.self), to: .standardOutput)
        buffer.removeAll(keepingCapacity: true)
    }
}
