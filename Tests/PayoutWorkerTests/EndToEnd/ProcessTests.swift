import ChildProcesses
import Foundation
import Testing

@testable import payout_worker

extension WorkersEndToEnd {
    /// The process of a worker: standard error, file descriptors.
    @Suite struct ProcessTests {
        @Test func workerWhoseStandardErrorIsNotReadFinishesJobsAndStops() async throws {
            try await WorkerFixture.with { fixture in
                let pipe = Pipe()
                try Self.fill(pipe.fileHandleForWriting)
                let port = try freePort()
                var environment = fixture.environment
                environment["HTTP_PORT"] = "\(port)"
                environment["LOG_LEVEL"] = "trace"
                let worker = try Command(["run"], environment: environment, errors: pipe.fileHandleForWriting)
                let waited = try await fixture.run(
                    "enqueue",
                    "--count",
                    "3",
                    "--prefix",
                    "quiet",
                    "--wait",
                    "--timeout",
                    "10m",
                    "-o",
                    "json"
                )
                #expect(waited.status == 0, "\(waited.errors)")
                #expect(try waited.objects().count == 3)
                let console = Console(base: try #require(URL(string: "http://127.0.0.1:\(port)")))
                #expect(String(decoding: try await console.body("livez"), as: UTF8.self).contains("alive"))
                #expect(try await console.metrics().contains("payout_export_log_lines_dropped_total"))
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
                withExtendedLifetime(pipe) {}
            }
        }

        @Test func workerContinuesWithMoreIdleConnectionsThanDescriptors() async throws {
            FileDescriptors.raiseLimit()
            try await WorkerFixture.with { fixture in
                let worker = try Command(["run"], environment: fixture.environment, descriptors: 1_024)
                let console = try await Console(of: worker)
                let connections = try (0..<1_100).map { _ in try Self.connect(to: console) }
                defer { for connection in connections { close(connection) } }
                #expect(String(decoding: try await console.body("livez"), as: UTF8.self).contains("alive"))
                let waited = try await fixture.run(
                    "enqueue",
                    "--count",
                    "1",
                    "--prefix",
                    "idle",
                    "--wait",
                    "--timeout",
                    "10m"
                )
                #expect(waited.status == 0, "\(waited.errors) \(worker.errors)")
                worker.signal(SIGTERM)
                #expect(try await worker.end().status == 0)
            }
        }

        #if os(Linux)
            @Test func workerThatCannotAcceptConnectionsAcceptsThemAgainLater() async throws {
                try await WorkerFixture.with { fixture in
                    let worker = try Command(["run"], environment: fixture.environment)
                    let console = try await Console(of: worker)
                    _ = try await console.body("livez")
                    let before = try Self.descriptorLimit(of: worker)
                    // Only the standard descriptors may be open.
                    try Self.limitDescriptors(of: worker, to: 3)
                    let waiting = try (0..<20).map { _ in try Self.connect(to: console) }
                    defer { for connection in waiting { close(connection) } }
                    try await worker.wait(for: "a time without descriptors") { Self.isUnaccepted(waiting[19]) }
                    try Self.limitDescriptors(of: worker, to: before)
                    #expect(String(decoding: try await console.body("livez"), as: UTF8.self).contains("alive"))
                    worker.signal(SIGTERM)
                    #expect(try await worker.end().status == 0)
                }
            }

            /// The soft limit of open files.
            private static func descriptorLimit(of worker: Command) throws -> Int {
                let limits = try String(contentsOfFile: "/proc/\(worker.processID)/limits", encoding: .utf8)
                let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
                return try #require(line?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) })
            }

            private static func limitDescriptors(of worker: Command, to limit: Int) throws {
                let arguments = ["--pid", "\(worker.processID)", "--nofile=\(limit):"]
                try #require(try FinishedProcess("/usr/bin/prlimit", arguments).status == 0)
            }

            /// Whether a request on the connection got no response within a second.
            private static func isUnaccepted(_ connection: Int32) -> Bool {
                let request = Array("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
                _ = send(connection, request, request.count, Int32(MSG_NOSIGNAL))
                var ready = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
                return poll(&ready, 1, 1_000) == 0
            }
        #endif

        /// Writes until a pipe is full.
        private static func fill(_ handle: FileHandle) throws {
            let descriptor = handle.fileDescriptor
            let flags = fcntl(descriptor, F_GETFL)
            _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
            let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: 4_096)
            while write(descriptor, bytes, bytes.count) > 0 {}
            while write(descriptor, bytes, 1) > 0 {}
            _ = fcntl(descriptor, F_SETFL, flags)
        }

        /// A connection on which nothing is sent.
        private static func connect(to console: Console) throws -> Int32 {
            struct Refused: Error {}
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(try #require(console.base.port))).bigEndian
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            let connected = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard connected == 0 else { throw Refused() }
            return descriptor
        }
    }
}
