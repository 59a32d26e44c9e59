/// Scheduled events in the order of virtual time. Events of the same time run in the order in which they were
/// scheduled.
struct EventQueue {
    private struct Entry {
        let time: Int64
        let number: UInt64
        let body: () -> Void

        func precedes(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private var heap: [Entry] = []
    private var lastNumber: UInt64 = 0

    var nextTime: Int64? { heap.first?.time }

    mutating func add(at time: Int64, _ body: @escaping () -> Void) {
        lastNumber += 1
        heap.append(Entry(time: time, number: lastNumber, body: body))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> (() -> Void)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first.body }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
            guard heap[child].precedes(heap[parent]) else { break }
            heap.swapAt(child, parent)
            parent = child
        }
        return first.body
    }
}
