import HTTPAccess
import NIOCore
import NIOHTTP1
import Synchronization

@testable import FileStores

/// A wire that answers requests by a script and records them, in place of a store's HTTP transport.
final class ScriptedWire: Sendable {
    private let seen = Mutex<[OutgoingRequest]>([])
    private let script: @Sendable (OutgoingRequest, Int) throws -> HTTPAnswer

    /// - Parameter script: Gets each request and how many came before it.
    init(_ script: @escaping @Sendable (OutgoingRequest, Int) throws -> HTTPAnswer) { self.script = script }

    var requests: [OutgoingRequest] { seen.withLock { $0 } }

    var wire: StoreWire {
        StoreWire { [self] request in
            let index = seen.withLock { seen in
                seen.append(request)
                return seen.count - 1
            }
            return try script(request, index)
        }
    }
}

extension HTTPAnswer {
    init(_ status: Int, _ body: String = "", headers: HTTPHeaders = [:]) {
        self.init(status: status, headers: headers, body: ByteBuffer(string: body))
    }
}

extension OutgoingRequest {
    var text: String { body.map { String(buffer: $0) } ?? "" }
    func header(_ name: String) -> String? { headers.first(name: name) }
}

/// A store's clock that stands still until it is advanced. Sleeps return immediately and are recorded.
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
