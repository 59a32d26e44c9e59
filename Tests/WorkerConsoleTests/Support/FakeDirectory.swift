import Synchronization
import WorkerConsole

/// Members of a group, and the answers of their consoles.
final class FakeDirectory: FleetDirectory {
    struct State: Sendable {
        var group = FleetGroup(members: [])
        /// Answers by the member's name; without one the member is unreachable.
        var answers: [String: @Sendable (String) async -> FleetAnswer] = [:]
        var asked: [String] = []
    }

    let state = Mutex(State())

    func set(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func group() async -> FleetGroup { state.withLock { $0.group } }

    func get(_ path: String, from member: FleetMember) async -> FleetAnswer {
        let answer = state.withLock { state in
            state.asked.append("\(member.name) \(path)")
            return state.answers[member.name]
        }
        return await answer?(path) ?? .unreachable(reason: "connection refused")
    }

    /// The answers of another console of this process.
    static func console(_ port: Int) -> @Sendable (String) async -> FleetAnswer {
        { path in
            guard let answer = try? await RawClient.send(path, port: port) else {
                return .unreachable(reason: "connection refused")
            }
            return .response(status: answer.status, body: Array(answer.body.utf8))
        }
    }
}
