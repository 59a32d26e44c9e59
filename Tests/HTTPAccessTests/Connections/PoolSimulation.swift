import NIOCore

@testable import HTTPAccess

/// A pool with simulated connections and time, for `ConnectionPoolTests`: it performs the pool's steps and checks each.
struct PoolSimulation {
    final class Item {
        let number: Int
        var isFinished = false
        init(_ number: Int) { self.number = number }
    }

    private(set) var problems: [String] = []
    private let limit: Int
    private var pool: ConnectionPool<Item, Item>
    private var now = NIODeadline.uptimeNanoseconds(0) + .seconds(1000)
    private var submitted = 0
    private var made = 0
    /// Attempts in progress, by the call that they are for.
    private var attempts: [Item?] = []
    private var busy: [(call: Item, connection: Item)] = []
    private var idle: [Item] = []
    private var waiting: [Item] = []

    init(limit: Int) {
        self.limit = limit
        pool = ConnectionPool(limit: limit)
    }

    mutating func step(_ random: inout some RandomNumberGenerator) {
        now = now + .milliseconds(Int64.random(in: 0...2000, using: &random))
        switch Int.random(in: 0..<9, using: &random) {
        case 0...2: submit()
        case 3 where !attempts.isEmpty:
            finish(attempts.remove(at: Int.random(in: attempts.indices, using: &random)), fails: false)
        case 4 where !attempts.isEmpty:
            finish(attempts.remove(at: Int.random(in: attempts.indices, using: &random)), fails: true)
        case 5 where !busy.isEmpty: release(Int.random(in: busy.indices, using: &random))
        case 6 where !busy.isEmpty:
            lose(Int.random(in: busy.indices, using: &random), resends: Bool.random(using: &random))
        case 7:
            if let connection = idle.popLast() { perform(pool.lost(connection, resending: nil)) }
            if let call = waiting.randomElement(using: &random) {
                pool.remove(call)
                end(call)
            }
        default: perform(pool.sweep(now: now))
        }
    }

    /// Lets everything succeed that is in progress. Nothing may wait after that.
    mutating func drain() {
        while !attempts.isEmpty || !busy.isEmpty {
            if let attempt = attempts.popLast() { finish(attempt, fails: false) }
            if !busy.isEmpty { release(0) }
        }
        if !waiting.isEmpty { problems.append("\(waiting.count) calls wait for nothing") }
    }

    private mutating func submit() {
        let call = Item(submitted)
        submitted += 1
        waiting.append(call)
        perform(pool.submit(call, limit: now + .seconds(10), deadline: now + .seconds(20), now: now))
    }

    private mutating func finish(_ call: Item?, fails: Bool) {
        if fails {
            if let call { end(call) }
            return perform(pool.failedToOpen(.connectTimeout, isReserved: call != nil, now: now))
        }
        made += 1
        let connection = Item(made)
        if call == nil { idle.append(connection) }
        let expiry = now + .seconds(5)
        if let call { busy.append((call, connection)) }
        perform(pool.opened(connection, for: call, isReserved: call != nil, expiry: expiry), expected: call)
    }

    private mutating func release(_ index: Int) {
        let (call, connection) = busy.remove(at: index)
        end(call)
        idle.append(connection)
        perform(pool.released(connection, expiry: now + .seconds(5)))
    }

    private mutating func lose(_ index: Int, resends: Bool) {
        let (call, connection) = busy.remove(at: index)
        if !resends { end(call) }
        perform(pool.lost(connection, resending: resends ? call : nil))
    }

    private mutating func end(_ call: Item) {
        if call.isFinished { problems.append("call \(call.number) ended twice") }
        call.isFinished = true
        waiting.removeAll { $0 === call }
    }

    /// - Parameter expected: The call that is already on its connection here.
    private mutating func perform(_ steps: [ConnectionPool<Item, Item>.Step], expected: Item? = nil) {
        for step in steps {
            switch step {
            case .start(let call, _) where call === expected: break
            case .start(let call, let connection):
                if waiting.first !== call { problems.append("call \(call.number) overtook another") }
                if !idle.contains(where: { $0 === connection }) { problems.append("a connection is used twice") }
                waiting.removeAll { $0 === call }
                idle.removeAll { $0 === connection }
                busy.append((call, connection))
            case .open(let call): attempts.append(call)
            case .fail(let call, _): end(call)
            case .close(let connection): idle.removeAll { $0 === connection }
            }
        }
        let count = attempts.count + busy.count + idle.count
        if count > limit { problems.append("\(count) connections, the limit is \(limit)") }
    }
}
