import Synchronization

/// Notices where delivery of a partition continues at a later offset than the next one.
///
/// Nearly always these offsets held no job: markers of transactions, records of aborted ones, compaction. But when the
/// topic's beginning has moved beyond them, jobs were deleted unread: the consumer continues at the new beginning and
/// reports nothing. Only a broker knows which, so `KafkaLog` keeps the gaps here until it has asked one.
final class DeliveryGaps: Sendable {
    fileprivate struct Place {
        var epoch: UInt32
        var next: Int64
        var gaps: [Range<Int64>] = []
    }

    private let places = Mutex<[Int32: Place]>([:])

    /// Producers with transactions leave a small gap for each of them; offsets that were deleted unread are rarely so few.
    fileprivate static let capacity = 64
    fileprivate static let size = 2

    /// Delivery begins at an offset.
    func begin(_ partition: Int32, _ epoch: UInt32, from offset: Int64) {
        places.withLock { $0[partition] = Place(epoch: epoch, next: offset) }
    }

    /// Records were delivered, in the order of their offsets.
    func delivered(_ partition: Int32, _ epoch: UInt32, _ offsets: some Sequence<Int64>) {
        places.withLock { places in
            guard var place = places[partition], place.epoch == epoch else { return }
            places[partition] = nil
            for offset in offsets {
                if offset > place.next { place.add(place.next..<offset) }
                place.next = max(place.next, offset + 1)
            }
            places[partition] = place
        }
    }

    /// The partition was read to its end.
    func reachedEnd(_ partition: Int32, _ epoch: UInt32, at end: Int64) {
        places.withLock { places in
            guard var place = places[partition], place.epoch == epoch, end > place.next else { return }
            place.add(place.next..<end)
            place.next = end
            places[partition] = place
        }
    }

    /// Partitions with gaps, to ask a broker about.
    var waiting: [Int32] { places.withLock { places in places.filter { !$0.value.gaps.isEmpty }.keys.sorted() } }

    /// Gaps of a partition that a broker is asked about.
    struct Taken {
        fileprivate var epoch: UInt32
        fileprivate var gaps: [Range<Int64>]

        /// The offsets that were deleted before they were delivered.
        ///
        /// - Parameter low: the partition's beginning, asked for after the gaps were taken.
        func unread(below low: Int64) -> [Range<Int64>] {
            gaps.map { $0.clamped(to: min($0.lowerBound, low)..<max($0.lowerBound, low)) }.filter { !$0.isEmpty }
        }
    }

    /// Removes the gaps of a partition and returns them, before its beginning is read: gaps that arrive meanwhile need a
    /// later answer.
    func take(_ partition: Int32) -> Taken? {
        places.withLock { places in
            guard let place = places[partition] else { return nil }
            places[partition]?.gaps = []
            return Taken(epoch: place.epoch, gaps: place.gaps)
        }
    }

    /// Keeps gaps again for which no broker has answered.
    func putBack(_ taken: Taken, of partition: Int32) {
        places.withLock { places in
            guard var place = places[partition], place.epoch == taken.epoch else { return }
            let newer = place.gaps
            place.gaps = taken.gaps
            for gap in newer { place.add(gap) }
            places[partition] = place
        }
    }
}

extension DeliveryGaps.Place {
    fileprivate mutating func add(_ gap: Range<Int64>) {
        guard gaps.count >= DeliveryGaps.capacity else { return gaps.append(gap) }
        guard gap.count > DeliveryGaps.size, let small = gaps.firstIndex(where: { $0.count <= DeliveryGaps.size })
        else {
            return
        }
        gaps[small] = gap
    }
}
