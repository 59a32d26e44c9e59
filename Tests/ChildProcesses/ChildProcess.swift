import CSpawn
public import Foundation
import Synchronization

/// A running program.
///
/// Tests start programs while hundreds of connections are open in their own process. Foundation's `Process` reads the
/// folder of open descriptors before each start, and crashes there when more than about 1,300 are open: it copies 256
/// bytes of each name, beyond the end of the buffer for the last ones. The system's `posix_spawn` closes the descriptors
/// itself.
public final class ChildProcess: Sendable {
    /// The reason why a program was not started.
    public struct StartError: Error, CustomStringConvertible {
        /// What failed, and the system's reason.
        public var description: String
    }

    #if canImport(Darwin)
        private typealias FileActions = posix_spawn_file_actions_t?
        private typealias Attributes = posix_spawnattr_t?
    #else
        private typealias FileActions = posix_spawn_file_actions_t
        private typealias Attributes = posix_spawnattr_t
    #endif

    /// The system's number of the process.
    public let processID: Int32
    /// The exit status once the process has ended and its entry is removed.
    private let ended = Mutex<Int32?>(nil)

    /// Starts a program, which inherits no descriptors beyond its three standard ones.
    ///
    /// - Parameters:
    ///   - executable: the path of the program.
    ///   - environment: all its variables. Default: those of this process.
    ///   - directory: its working directory. Default: that of this process.
    ///   - input: its standard input. Default: empty.
    ///   - output: its standard output. Default: discarded.
    ///   - errors: its standard error. Default: discarded.
    /// - Throws: ``StartError``.
    public init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String]? = nil,
        directory: String? = nil,
        input: FileHandle? = nil,
        output: FileHandle? = nil,
        errors: FileHandle? = nil
    ) throws {
        #if canImport(Darwin)
            var (actions, attributes): (FileActions, Attributes) = (nil, nil)
        #else
            var (actions, attributes) = (FileActions(), Attributes())
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        for (handle, target) in [(input, Int32(0)), (output, 1), (errors, 2)] {
            if let handle {
                posix_spawn_file_actions_adddup2(&actions, handle.fileDescriptor, target)
            } else {
                posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_RDWR, 0)
            }
        }
        Self.setFlags(&attributes)
        #if !canImport(Darwin)
            posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        #endif
        if let directory { posix_spawn_file_actions_addchdir_np(&actions, directory) }

        let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0)=\($1)" }
        var process: pid_t = 0
        let result = Self.withStrings([executable] + arguments) { arguments in
            Self.withStrings(variables) { posix_spawn(&process, executable, &actions, &attributes, arguments, $0) }
        }
        // The handles must stay open until here.
        withExtendedLifetime((input, output, errors)) {}
        guard result == 0 else {
            throw StartError(description: "\(executable) could not be started: \(String(cString: strerror(result)))")
        }
        processID = process
    }

    deinit {
        signal(SIGKILL)
        waitForEnd()
    }

    /// Whether the process has not ended yet.
    public var isRunning: Bool { status == nil }

    /// The exit status, or the number of the signal that ended the process; `nil` while it runs.
    public var status: Int32? {
        ended.withLock { status in
            if status == nil { status = reap() }
            return status
        }
    }

    /// Sends a signal; without effect once the process has ended.
    public func signal(_ number: Int32) {
        // Until the entry is removed, no other process can get the number.
        ended.withLock { if $0 == nil { _ = kill(processID, number) } }
    }

    /// Blocks until the process has ended.
    ///
    /// - Returns: the exit status, or the number of the signal that ended it.
    @discardableResult
    public func waitForEnd() -> Int32 {
        while true {
            if let status { return status }
            var information = siginfo_t()
            // Leaves the entry in place, so that the lock is not held while waiting.
            _ = waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT)
        }
    }

    private func reap() -> Int32? {
        var status: Int32 = 0
        guard waitpid(processID, &status, WNOHANG) == processID else { return nil }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : signal
    }

    /// Lets the program start as from a shell: signals that this process ignores or blocks would be ignored or blocked there
    /// too.
    private static func setFlags(_ attributes: inout Attributes) {
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        #if canImport(Darwin)
            flags |= Int32(POSIX_SPAWN_CLOEXEC_DEFAULT)
        #endif
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    /// Passes strings as C expects them: an array of pointers that ends with a null pointer.
    private static func withStrings<Result>(
        _ strings: [String],
        _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
