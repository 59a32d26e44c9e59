/// Many small byte strings in few large allocations.
///
/// A million jobs as Swift strings would be several million heap objects; here a block costs its
/// bytes, four for its length, and the rounding to sixteen. Freed blocks are reused by blocks of
/// the same rounded size. Long strings get an allocation of their own.
struct ByteArena {
    /// Identifies a block; 0 for none.
    typealias Handle = UInt32

    static let unit = 16
    static let unitsPerChunk = 4_096
    static let largestSmallBlock = 4_096
    private static let largeFlag: UInt32 = 1 << 31

    private var chunks: [[UInt8]] = []
    private var nextUnit = unitsPerChunk
    /// The head of the free list per size in units; the next handle is in the free block's first bytes.
    private var freeHeads = [Handle](repeating: 0, count: largestSmallBlock / unit + 1)
    private var large: [[UInt8]] = []
    private var freeLarge: [UInt32] = []

    /// Bytes held for small blocks, free ones included.
    var reservedBytes: Int { chunks.count * Self.unit * Self.unitsPerChunk }

    /// Stores a copy of `bytes`.
    mutating func store(_ bytes: [UInt8]) -> Handle {
        let needed = bytes.count + 4
        guard needed <= Self.largestSmallBlock else { return storeLarge(bytes) }
        let units = (needed + Self.unit - 1) / Self.unit
        let handle = allocate(units: units)
        let (chunk, start) = Self.place(handle)
        chunks[chunk].withUnsafeMutableBytes { chunk in
            chunk.storeBytes(of: UInt32(bytes.count), toByteOffset: start, as: UInt32.self)
            bytes.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(rebasing: chunk[(start + 4)..<(start + needed)]).copyMemory(from: source)
            }
        }
        return handle
    }

    /// Reads a block without copying it.
    func withBytes<Result>(_ handle: Handle, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if handle & Self.largeFlag != 0 {
            return large[Int(handle & ~Self.largeFlag)].withUnsafeBytes(body)
        }
        let (chunk, start) = Self.place(handle)
        return chunks[chunk].withUnsafeBytes { chunk in
            let count = Int(chunk.loadUnaligned(fromByteOffset: start, as: UInt32.self))
            return body(UnsafeRawBufferPointer(rebasing: chunk[(start + 4)..<(start + 4 + count)]))
        }
    }

    /// Frees a block. The handle must not be used again.
    mutating func free(_ handle: Handle) {
        guard handle != 0 else { return }
        if handle & Self.largeFlag != 0 {
            let index = handle & ~Self.largeFlag
            large[Int(index)] = []
            freeLarge.append(index)
            return
        }
        let (chunk, start) = Self.place(handle)
        chunks[chunk].withUnsafeMutableBytes { chunk in
            let count = Int(chunk.loadUnaligned(fromByteOffset: start, as: UInt32.self))
            let units = (count + 4 + Self.unit - 1) / Self.unit
            chunk.storeBytes(of: freeHeads[units], toByteOffset: start, as: UInt32.self)
            freeHeads[units] = handle
        }
    }

    private mutating func allocate(units: Int) -> Handle {
        let head = freeHeads[units]
        if head != 0 {
            let (chunk, start) = Self.place(head)
            freeHeads[units] = chunks[chunk].withUnsafeBytes {
                $0.loadUnaligned(fromByteOffset: start, as: UInt32.self)
            }
            return head
        }
        if nextUnit + units > Self.unitsPerChunk {
            chunks.append([UInt8](repeating: 0, count: Self.unit * Self.unitsPerChunk))
            nextUnit = 0
        }
        // Handles count from one, so that zero can mean "none".
        let handle = UInt32((chunks.count - 1) * Self.unitsPerChunk + nextUnit + 1)
        nextUnit += units
        return handle
    }

    private mutating func storeLarge(_ bytes: [UInt8]) -> Handle {
        if let index = freeLarge.popLast() {
            large[Int(index)] = bytes
            return index | Self.largeFlag
        }
        large.append(bytes)
        return UInt32(large.count - 1) | Self.largeFlag
    }

    private static func place(_ handle: Handle) -> (chunk: Int, start: Int) {
        let position = Int(handle) - 1
        return (position / unitsPerChunk, position % unitsPerChunk * unit)
    }
}
