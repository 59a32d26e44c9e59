import HTTPStandIns
import NIOCore
import Testing
import TestSupport

@testable import HTTPAccess

/// Which connection carries which call, with a clock of the test's own.
@Suite struct ConnectionPoolTests {
    fileprivate final class Call {
        let name: Int
        init(_ name: Int) { self.name = name }
    }

    fileprivate final class Connection {
        let name: Int
        init(_ name: Int) { self.name = name }
    }

    private typealias Pool = ConnectionPool<Call, Connection>

    private static let fault = TransportFault(.connect, "refused")

    private func time(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(1000 + seconds) }

    /// Submits a call that waits up to 10 s for a connection and 60 s for its answer.
    private func submit(_ pool: inout Pool, _ call: Call, at now: Int64 = 0) -> [String] {
        pool.submit(call, limit: time(now + 10), deadline: time(now + 60), now: time(now)).shown
    }

    private func opened(_ pool: inout Pool, _ connection: Connection) -> [String] {
        pool.opened(connection, for: nil, isReserved: false, expiry: time(60)).shown
    }

    private let calls = (0..<6).map { Call($0) }
    private let connections = (0..<6).map { Connection($0) }

    @Test func connectionIsOpenedForEachCallUpToTheLimit() {
        var pool = Pool(limit: 2)
        #expect(submit(&pool, calls[0]) == ["open"])
        #expect(submit(&pool, calls[1]) == ["open"])
        #expect(submit(&pool, calls[2]) == [])
        #expect(opened(&pool, connections[0]) == ["start 0 on 0"])
        #expect(submit(&pool, calls[3]) == [])
    }

    @Test func callsTakeConnectionsInTheirOrder() {
        var pool = Pool(limit: 1)
        for call in calls.prefix(4) { _ = submit(&pool, call) }
        #expect(opened(&pool, connections[0]) == ["start 0 on 0"])
        #expect(pool.released(connections[0], expiry: time(60)).shown == ["start 1 on 0"])
        pool.remove(calls[2])
        #expect(pool.released(connections[0], expiry: time(60)).shown == ["start 3 on 0"])
        #expect(pool.released(connections[0], expiry: time(60)).shown == [])
    }

    @Test func lastUsedConnectionIsUsedFirstAndExpiredOnesNever() {
        var pool = Pool(limit: 3)
        for (call, connection) in zip(calls, connections).prefix(3) {
            _ = submit(&pool, call)
            _ = opened(&pool, connection)
        }
        _ = pool.released(connections[0], expiry: time(20))
        _ = pool.released(connections[1], expiry: time(9))
        _ = pool.released(connections[2], expiry: time(8))
        #expect(submit(&pool, calls[3], at: 7) == ["start 3 on 2"])
        #expect(submit(&pool, calls[4], at: 9) == ["close 1", "start 4 on 0"])
        // The closed one made room.
        #expect(submit(&pool, calls[5], at: 9) == ["open"])
    }

    @Test func unusedConnectionsExpire() {
        var pool = Pool(limit: 2)
        _ = submit(&pool, calls[0])
        _ = opened(&pool, connections[0])
        #expect(pool.nextSweep(now: time(0)) == nil)
        _ = pool.released(connections[0], expiry: time(5))
        #expect(pool.nextSweep(now: time(0)) == time(5))
        #expect(pool.sweep(now: time(4)).shown == [])
        #expect(pool.sweep(now: time(5)).shown == ["close 0"])
        #expect(pool.nextSweep(now: time(5)) == nil)
    }

    @Test func lostConnectionIsReplacedWhereCallsWait() {
        var pool = Pool(limit: 1)
        _ = submit(&pool, calls[0])
        _ = opened(&pool, connections[0])
        _ = submit(&pool, calls[1])
        #expect(pool.lost(connections[0], resending: nil).shown == ["open"])
        #expect(opened(&pool, connections[1]) == ["start 1 on 1"])
        _ = pool.released(connections[1], expiry: time(60))
        // Lost while idle.
        #expect(pool.lost(connections[1], resending: nil).shown == [])
        #expect(submit(&pool, calls[2]) == ["open"])
    }

    @Test func resentCallHasAConnectionOfItsOwn() {
        var pool = Pool(limit: 1)
        _ = submit(&pool, calls[0])
        _ = opened(&pool, connections[0])
        _ = submit(&pool, calls[1])
        // The one slot is the resent call's.
        #expect(pool.lost(connections[0], resending: calls[0]).shown == ["open for 0"])
        let steps = pool.opened(connections[1], for: calls[0], isReserved: true, expiry: time(60))
        #expect(steps.shown == ["start 0 on 1"])
        #expect(pool.released(connections[1], expiry: time(60)).shown == ["start 1 on 1"])
    }

    @Test func connectionOfAResentCallThatWasCancelledServesTheNext() {
        var pool = Pool(limit: 1)
        _ = submit(&pool, calls[0])
        _ = opened(&pool, connections[0])
        _ = submit(&pool, calls[1])
        _ = pool.lost(connections[0], resending: calls[0])
        let steps = pool.opened(connections[1], for: nil, isReserved: true, expiry: time(60))
        #expect(steps.shown == ["start 1 on 1"])
    }

    @Test func connectionOfAResentCallThatCannotBeOpenedMakesRoom() {
        var pool = Pool(limit: 1)
        _ = submit(&pool, calls[0])
        _ = opened(&pool, connections[0])
        _ = submit(&pool, calls[1])
        _ = pool.lost(connections[0], resending: calls[0])
        #expect(pool.failedToOpen(Self.fault, isReserved: true, now: time(1)).shown == ["open"])
    }

    @Test func eachFailedAttemptFailsOneCall() {
        var pool = Pool(limit: 2)
        for call in calls.prefix(3) { _ = submit(&pool, call) }
        #expect(pool.failedToOpen(Self.fault, isReserved: false, now: time(1)).shown == ["fail 0 connect", "open"])
        #expect(pool.failedToOpen(Self.fault, isReserved: false, now: time(1)).shown == ["fail 1 connect"])
        #expect(pool.failedToOpen(Self.fault, isReserved: false, now: time(1)).shown == ["fail 2 connect"])
    }

    @Test func callWaitsForConnectionsThatWorkWhileNoMoreCanBeOpened() {
        var pool = Pool(limit: 2)
        _ = submit(&pool, calls[0])
        _ = opened(&pool, connections[0])
        #expect(submit(&pool, calls[1]) == ["open"])
        // No other attempt at once, which would fail as well.
        #expect(pool.failedToOpen(Self.fault, isReserved: false, now: time(1)).shown == [])
        #expect(pool.nextSweep(now: time(1)) == time(10))
        #expect(pool.sweep(now: time(10)).shown == ["fail 1 connect"])
        #expect(submit(&pool, calls[2], at: 11) == ["open"])
        _ = pool.failedToOpen(Self.fault, isReserved: false, now: time(12))
        #expect(pool.released(connections[0], expiry: time(60)).shown == ["start 2 on 0"])
    }

    @Test func waitForAConnectionIsLimited() {
        var pool = Pool(limit: 1)
        _ = submit(&pool, calls[0])
        _ = opened(&pool, connections[0])
        _ = submit(&pool, calls[1])
        _ = submit(&pool, calls[2], at: 3)
        #expect(pool.sweep(now: time(10)).shown == ["fail 1 connect"])
        #expect(pool.nextSweep(now: time(10)) == time(13))
        #expect(pool.released(connections[0], expiry: time(60)).shown == ["start 2 on 0"])
    }

    @Test func attemptInProgressReportsItsOwnFailure() {
        var pool = Pool(limit: 1)
        _ = submit(&pool, calls[0])
        #expect(pool.sweep(now: time(10)).shown == [])
        #expect(pool.nextSweep(now: time(10)) == time(60))
        #expect(pool.failedToOpen(.handshakeTimeout, isReserved: false, now: time(10)).shown == ["fail 0 tls"])
    }

    @Test func deadlineEndsAWait() {
        var pool = Pool(limit: 1)
        _ = submit(&pool, calls[0])
        #expect(pool.sweep(now: time(60)).shown == ["fail 0 timeout"])
        // The connection arrives for the next call.
        #expect(opened(&pool, connections[0]) == [])
        #expect(submit(&pool, calls[1], at: 59) == ["start 1 on 0"])
    }

    @Test func shutdownEndsEveryWait() {
        var pool = Pool(limit: 3)
        for (call, connection) in zip(calls, connections).prefix(2) {
            _ = submit(&pool, call)
            _ = opened(&pool, connection)
        }
        _ = pool.released(connections[1], expiry: time(60))
        _ = submit(&pool, calls[2])
        _ = submit(&pool, calls[3])
        #expect(pool.shutDown().shown == ["fail 3 shutDown"])
        #expect(submit(&pool, calls[4]) == ["fail 4 shutDown"])
        #expect(opened(&pool, connections[2]) == ["close 2"])
        #expect(pool.released(connections[1], expiry: time(60)).shown == ["close 1"])
        #expect(pool.lost(connections[0], resending: calls[0]).shown == ["fail 0 shutDown"])
    }

    /// Random events in random orders: no call is lost, served twice or overtaken, and the limit holds.
    @Test(arguments: 1...60)
    func everyCallEndsOnceInItsOrder(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var simulation = PoolSimulation(limit: Int.random(in: 1...4, using: &random))
        for _ in 0..<400 { simulation.step(&random) }
        simulation.drain()
        #expect(simulation.problems == [])
    }
}

extension [ConnectionPool<ConnectionPoolTests.Call, ConnectionPoolTests.Connection>.Step] {
    fileprivate var shown: [String] {
        map { step in
            switch step {
            case .start(let call, let connection): "start \(call.name) on \(connection.name)"
            case .open(let call): call.map { "open for \($0.name)" } ?? "open"
            case .fail(let call, let fault): "fail \(call.name) \(fault.failure.rawValue)"
            case .close(let connection): "close \(connection.name)"
            }
        }
    }
}
