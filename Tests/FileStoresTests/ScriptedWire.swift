import NIOCore
import NIOHTTP1
import Synchronization

@testable import FileStores

/// Answers requests by a script, and keeps them.
final class ScriptedWire: Sendable {
    private let seen = Mutex<[WireRequest]>([])
    private let script: @Sendable (WireRequest, Int) throws(WireFault) -> WireAnswer

    /// - Parameter script: Gets each request and how many came before it.
    init(_ script: @escaping @Sendable (WireRequest, Int) throws(WireFault) -> WireAnswer) { self.script = script }

    var requests: [WireRequest] { seen.withLock { $0 } }

    var wire: StoreWire {
        StoreWire { [self] request async throws(WireFault) in
            let index = seen.withLock { seen in
                seen.append(request)
                return seen.count - 1
            }
            return try script(request, index)
        }
    }
}

extension WireAnswer {
    init(_ status: Int, _ body: String = "", headers: HTTPHeaders = [:]) {
        self.init(status: status, headers: headers, body: Array(body.utf8))
    }
}

extension WireRequest {
    var text: String { body.map { String(buffer: $0) } ?? "" }
    func header(_ name: String) -> String? { headers.first(name: name) }
}

/// A clock that stands, until it is told; pauses pass at once and are kept.
final class TestClock: Sendable {
    private let state: Mutex<(now: Int64, pauses: [Duration])>

    init(now: Int64 = 1_795_305_600_000) { state = Mutex((now, [])) }

    var pauses: [Duration] { state.withLock { $0.pauses } }
    func advance(by milliseconds: Int64) { state.withLock { $0.now += milliseconds } }

    var clock: StoreClock {
        StoreClock(
            now: { [self] in state.withLock { $0.now } },
            sleep: { [self] pause in state.withLock { $0.pauses.append(pause) } },
            random: { 1 }
        )
    }
}
