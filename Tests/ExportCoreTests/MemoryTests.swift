import Testing

@testable import ExportCore

@Suite struct MemoryTests {
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func arenaReturnsStoredBytes(seed: UInt64) {
        var random = SeededRandom(seed)
        var arena = ByteArena()
        var model: [(handle: ByteArena.Handle, bytes: [UInt8])] = []
        for step in 0..<4_000 {
            if random.roll(3) == 0, !model.isEmpty {
                arena.free(model.remove(at: random.roll(model.count)).handle)
            } else {
                let count = random.roll(20) == 0 ? random.roll(9_000) : random.roll(200)
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &+ step) }
                model.append((arena.store(bytes), bytes))
            }
            if let entry = model.randomEntry(&random) {
                #expect(arena.withBytes(entry.handle) { Array($0) } == entry.bytes)
            }
        }
        for (handle, bytes) in model { #expect(arena.withBytes(handle) { Array($0) } == bytes) }
        #expect(!model.contains { $0.handle == 0 })
    }

    @Test func arenaReusesFreedBlocks() {
        var arena = ByteArena()
        for _ in 0..<100_000 { arena.free(arena.store([UInt8](repeating: 7, count: 60))) }
        #expect(arena.reservedBytes == ByteArena.unit * ByteArena.unitsPerChunk)
    }

    /// Few distinct hashes make long runs, so that removals shift many slots.
    @Test(arguments: [4, 50, 1 << 30])
    func indexAgreesWithDictionary(distinctHashes: Int) {
        var random = SeededRandom(UInt64(distinctHashes))
        var index = HashIndex()
        var model: [UInt32: UInt32] = [:]
        let hashes = (0..<300).map { _ in UInt32(random.roll(distinctHashes)) }
        for _ in 0..<5_000 {
            let place = UInt32(random.roll(300))
            if let hash = model[place] {
                if random.roll(2) == 0 {
                    index.remove(place, hash: hash) { hashes[Int($0)] }
                    model[place] = nil
                }
            } else {
                let hash = hashes[Int(place)]
                index.insert(place, hash: hash) { hashes[Int($0)] }
                model[place] = hash
            }
            let asked = UInt32(random.roll(300))
            let found = index.find(model[asked] ?? 1) { $0 == asked }
            #expect(found == (model[asked] == nil ? nil : asked))
            #expect(index.count == model.count)
        }
        for (place, hash) in model { #expect(index.find(hash) { $0 == place } == place) }
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func timersFireInOrder(seed: UInt64) {
        var random = SeededRandom(seed)
        var table = JobTable()
        var wakes: [JobTable.Index: Int64] = [:]
        var limits: [JobTable.Index: Int64] = [:]
        let places = (0..<200).map { table.insert(ExportJob(id: "job-\($0)", kind: .payments)) }
        for _ in 0..<2_000 {
            let place = places[random.roll(places.count)]
            let time = Int64(random.roll(500))
            switch random.roll(4) {
            case 0:
                table.cancelWake(place)
                wakes[place] = nil
            case 1:
                table.setLimit(place, to: Instant(milliseconds: time))
                limits[place] = time
            default:
                table.setWake(place, to: MonotonicInstant(milliseconds: time))
                wakes[place] = time
            }
            #expect(table.nextWake?.milliseconds == wakes.values.min())
            #expect(table.nextLimit?.milliseconds == limits.values.min())
            #expect(table.auditTimers(wakes: wakes.count, limits: limits.count) == nil)
        }
        var last = Int64.min
        while let place = table.popDue(at: Self.time(wall: 499, monotonic: .min)) {
            let limit = limits.removeValue(forKey: place) ?? -1
            #expect(limit >= last)
            last = limit
        }
        last = .min
        while let place = table.popDue(at: Self.time(wall: .min, monotonic: 499)) {
            let wake = wakes.removeValue(forKey: place) ?? -1
            #expect(wake >= last)
            last = wake
        }
        #expect(wakes.isEmpty && limits.isEmpty)
    }

    private static func time(wall: Int64, monotonic: Int64) -> EventTime {
        EventTime(wall: Instant(milliseconds: wall), monotonic: MonotonicInstant(milliseconds: monotonic))
    }

    /// A finished job with a file that has these columns.
    private func finished(_ number: Int, _ columns: [String], digest: String = "digest") -> JobRecord {
        let content = FileContent(rows: 1, columns: columns, headerSHA256: digest, delimiter: ",")
        let file = ExportFile(location: "file:///\(number)", stored: true, fileName: "f", content: content)
        return JobRecord(
            job: ExportJob(id: "job-\(number)", kind: .payments),
            offset: Int64(number),
            phase: .finished,
            times: JobTimes(accepted: .at(0), finished: .at(1)),
            status: .completed,
            files: [file]
        )
    }

    @Test func columnsOfOneHeaderAreKeptOnceUntilTheLastJobIsForgotten() throws {
        var machine = PartitionMachine(partition: 0, epoch: 1, configuration: CoreConfiguration())
        let columns = (0..<100).map { "column-\($0)-" + String(repeating: "x", count: 100) }
        for number in 0..<5_000 { machine.apply(.job(finished(number, columns))) }
        #expect(machine.table.columns.count == 1)
        #expect(machine.table.arena.reservedBytes < 5_000 * 400, "a header has 11,000 bytes")
        // A record that is written again, and a header that is split elsewhere.
        let again = finished(7, columns)
        #expect(machine.apply(.job(again)).map { machine.record(of: $0) } == again)
        let other = finished(8, ["a", "b"])
        #expect(machine.apply(.job(other)).map { machine.record(of: $0) } == other)
        #expect(machine.table.columns.count == 1)
        for number in 0..<4_999 { machine.apply(.forgotten(id: "job-\(number)")) }
        let last = try #require(machine.table.find("job-4999"))
        #expect(machine.record(of: last) == finished(4_999, columns))
        machine.apply(.forgotten(id: "job-4999"))
        #expect(machine.table.columns.count == 0)
    }

    @Test func sharedColumnsAreBounded() {
        var shared = SharedColumns()
        for number in 0..<SharedColumns.limit { #expect(shared.share(["a"], digest: "\(number)") != nil) }
        #expect(shared.share(["a"], digest: "another") == nil)
        shared.release(3)
        #expect(shared.share(["b"], digest: "another") == 3)
        #expect(shared[3] == ["b"])
    }

    @Test func jobEntryTakesAtMost96Bytes() { #expect(MemoryLayout<JobEntry>.stride <= 96) }

    @Test func timersNotDueAreKept() {
        var table = JobTable()
        let place = table.insert(ExportJob(id: "job", kind: .payments))
        table.setWake(place, to: MonotonicInstant(milliseconds: 10))
        table.setLimit(place, to: Instant(milliseconds: 20))
        #expect(table.popDue(at: Self.time(wall: 19, monotonic: 9)) == nil)
        #expect(table.popDue(at: Self.time(wall: 19, monotonic: 10)) == place)
        #expect(table.popDue(at: Self.time(wall: 19, monotonic: 10)) == nil)
        #expect(table.popDue(at: Self.time(wall: 20, monotonic: 10)) == place)
        #expect(!table.hasWake(place) && !table.hasLimit(place))
        table.armLimit(place)
        #expect(table.nextLimit == Instant(milliseconds: 20))
    }

    @Test func tableFindsJobsThroughManyInsertionsAndRemovals() {
        var table = JobTable()
        var places: [String: JobTable.Index] = [:]
        for round in 0..<5 {
            for number in 0..<2_000 {
                let id = "job-\(number)"
                if let place = places.removeValue(forKey: id) { table.remove(place) }
                if (number + round) % 3 != 0 { places[id] = table.insert(ExportJob(id: id, kind: .payments)) }
            }
            for number in 0..<2_000 { #expect(table.find("job-\(number)") == places["job-\(number)"]) }
            #expect(table.count == places.count)
        }
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func ringBufferAgreesWithArray(seed: UInt64) {
        var random = SeededRandom(seed)
        var ring = RingBuffer<Int>()
        var model: [Int] = []
        for step in 0..<20_000 {
            // Long phases of growth and of shrinking, so that the buffer is resized in both directions.
            let grows = random.roll(10) < (step / 5_000 % 2 == 0 ? 7 : 3)
            if grows {
                ring.append(step)
                model.append(step)
            } else {
                #expect(ring.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(ring.count == model.count)
            #expect(ring.first == model.first)
        }
        #expect(ring.elements == model)
    }
}

extension Array {
    fileprivate func randomEntry(_ random: inout SeededRandom) -> Element? { isEmpty ? nil : self[random.roll(count)] }
}

extension JobTable {
    /// Adds a job without a batch.
    fileprivate mutating func insert(_ job: ExportJob) -> Index {
        let place = newPlace()
        insert(job, at: place, batch: nil)
        return place
    }
}
