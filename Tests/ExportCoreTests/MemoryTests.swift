import Testing

@testable import ExportCore

@Suite struct MemoryTests {
    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func arenaKeepsWhatIsStored(seed: UInt64) {
        var dice = Dice(seed)
        var arena = ByteArena()
        var model: [(handle: ByteArena.Handle, bytes: [UInt8])] = []
        for step in 0..<4_000 {
            if dice.roll(3) == 0, !model.isEmpty {
                arena.free(model.remove(at: dice.roll(model.count)).handle)
            } else {
                let count = dice.roll(20) == 0 ? dice.roll(9_000) : dice.roll(200)
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &+ step) }
                model.append((arena.store(bytes), bytes))
            }
            if let entry = model.randomEntry(&dice) {
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

    /// Few distinct hashes, so that runs are long and removals have much to shift.
    @Test(arguments: [4, 50, 1 << 30])
    func indexAgreesWithADictionary(distinctHashes: Int) {
        var dice = Dice(UInt64(distinctHashes))
        var index = HashIndex()
        var model: [UInt32: UInt32] = [:]
        for _ in 0..<5_000 {
            let place = UInt32(dice.roll(300))
            if let hash = model[place] {
                if dice.roll(2) == 0 {
                    index.remove(place, hash: hash)
                    model[place] = nil
                }
            } else {
                let hash = UInt32(dice.roll(distinctHashes))
                index.insert(place, hash: hash)
                model[place] = hash
            }
            let asked = UInt32(dice.roll(300))
            let found = index.find(model[asked] ?? 1) { $0 == asked }
            #expect(found == (model[asked] == nil ? nil : asked))
            #expect(index.count == model.count)
        }
        for (place, hash) in model { #expect(index.find(hash) { $0 == place } == place) }
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func timersFireInOrder(seed: UInt64) {
        var dice = Dice(seed)
        var table = JobTable()
        var model: [JobTable.Index: Int64] = [:]
        let places = (0..<200).map { table.insert(ExportJob(id: "job-\($0)", kind: .payments)) }
        for _ in 0..<2_000 {
            let place = places[dice.roll(places.count)]
            if dice.roll(4) == 0 {
                table.cancelTimer(place)
                model[place] = nil
            } else {
                let wake = Int64(dice.roll(500))
                table.setTimer(place, to: wake)
                model[place] = wake
            }
            #expect(table.nextWake?.milliseconds == model.values.min())
            #expect(table.auditTimers(expected: model.count) == nil)
        }
        var last = Int64.min
        while let place = table.popDue(at: Instant(milliseconds: 499)) {
            let wake = model.removeValue(forKey: place) ?? -1
            #expect(wake >= last)
            last = wake
        }
        #expect(model.isEmpty)
    }

    @Test func timersThatAreNotDueStay() {
        var table = JobTable()
        let place = table.insert(ExportJob(id: "job", kind: .payments))
        table.setTimer(place, to: 10)
        #expect(table.popDue(at: Instant(milliseconds: 9)) == nil)
        #expect(table.popDue(at: Instant(milliseconds: 10)) == place)
        #expect(table.nextWake == nil)
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
    func ringAgreesWithAnArray(seed: UInt64) {
        var dice = Dice(seed)
        var ring = RingBuffer<Int>()
        var model: [Int] = []
        for step in 0..<20_000 {
            // Long phases of growth and of shrinking, so that both resizings are met.
            let grows = dice.roll(10) < (step / 5_000 % 2 == 0 ? 7 : 3)
            switch (grows, dice.roll(4)) {
            case (true, 0):
                ring.prepend(step)
                model.insert(step, at: 0)
            case (true, _):
                ring.append(step)
                model.append(step)
            case (false, _): #expect(ring.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
            }
            #expect(ring.count == model.count)
            #expect(ring.first == model.first)
        }
        #expect(ring.elements == model)
    }
}

extension Array {
    fileprivate func randomEntry(_ dice: inout Dice) -> Element? { isEmpty ? nil : self[dice.roll(count)] }
}
