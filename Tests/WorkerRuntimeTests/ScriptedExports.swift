import ExportCore
import Synchronization
import WorkerRuntime

/// A service with scripted answers that records the calls.
final class ScriptedExports: ExportsPort {
    private let calls = Mutex<[Call]>([])
    private let answer: @Sendable (Call) async -> CallResult

    init(_ answer: @escaping @Sendable (Call) async -> CallResult) { self.answer = answer }

    /// Every export completes at once.
    static var instant: ScriptedExports {
        ScriptedExports { call in
            switch call.token.kind {
            case .create: .created(requestID: "request-of-\(call.job.id)")
            case .poll: .polled(.completed, url: "https://files.example/\(call.job.id).csv?sig=s", expiresAt: nil)
            case .delete: .deleted
            case .download, .manifest: .failed(.abandoned)
            }
        }
    }

    private let manifests = Mutex<[BatchManifest]>([])

    var stored: [BatchManifest] { manifests.withLock { $0 } }

    func store(_ manifest: BatchManifest) async -> CallResult {
        manifests.withLock { $0.append(manifest) }
        let name = manifest.batchID + ".json"
        return .stored(ExportFile(location: "file:///_batch/" + name, stored: true, fileName: name))
    }

    var received: [Call] { calls.withLock { $0 } }

    func perform(_ call: Call, _ transfer: Transfer?) async -> CallResult {
        calls.withLock { $0.append(call) }
        return await answer(call)
    }
}
