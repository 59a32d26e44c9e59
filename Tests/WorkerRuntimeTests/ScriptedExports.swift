import ExportCore
import Synchronization
import WorkerRuntime

/// A service that answers as it is told to, and remembers what it was asked.
final class ScriptedExports: ExportsPort {
    private let calls = Mutex<[Call]>([])
    private let answer: @Sendable (Call) async -> CallResult

    init(_ answer: @escaping @Sendable (Call) async -> CallResult) { self.answer = answer }

    /// Every export is done at once.
    static var instant: ScriptedExports {
        ScriptedExports { call in
            switch call.token.kind {
            case .create: .created(requestID: "request-of-\(call.job.id)")
            case .poll: .seen(.completed, url: "https://files.example/\(call.job.id).csv?sig=s", expiresAt: nil)
            case .delete: .deleted
            case .download: .failed(.abandoned)
            }
        }
    }

    var seen: [Call] { calls.withLock { $0 } }

    func perform(_ call: Call) async -> CallResult {
        calls.withLock { $0.append(call) }
        return await answer(call)
    }
}
