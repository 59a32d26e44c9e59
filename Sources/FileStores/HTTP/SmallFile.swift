import NIOCore
import NIOPosix
import Primitives

extension SmallFile {
    /// Runs work that may block, such as reading from a network file system or a pipe, on a thread of the blocking pool.
    static func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        let result = try? await NIOSingletons.posixBlockingThreadPool.runIfActive { work() }
        // The pool is shut down only while the process ends; then the calling thread does the work.
        return result ?? work()
    }
}
