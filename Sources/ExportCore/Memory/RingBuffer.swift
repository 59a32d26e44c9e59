/// A queue that is cheap at both ends.
struct RingBuffer<Element> {
    private var storage: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    var first: Element? { count == 0 ? nil : storage[head] }

    /// All elements, first to last.
    var elements: [Element] { (0..<count).compactMap { storage[(head + $0) & (storage.count - 1)] } }

    mutating func append(_ element: Element) {
        if count == storage.count { grow() }
        storage[(head + count) & (storage.count - 1)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head]
        storage[head] = nil
        head = (head + 1) & (storage.count - 1)
        count -= 1
        // Shrinks, because a queue that was once a million long must not keep its memory.
        if storage.count > 1_024, count < storage.count / 8 { resize(to: storage.count / 4) }
        return element
    }

    private mutating func grow() { resize(to: max(16, storage.count * 2)) }

    /// `capacity` is a power of two, so that a mask replaces the division.
    private mutating func resize(to capacity: Int) {
        var larger: [Element?] = []
        larger.reserveCapacity(capacity)
        for index in 0..<count { larger.append(storage[(head + index) & (storage.count - 1)]) }
        larger.append(contentsOf: repeatElement(nil, count: capacity - count))
        storage = larger
        head = 0
    }
}

extension RingBuffer: Sendable where Element: Sendable {}
