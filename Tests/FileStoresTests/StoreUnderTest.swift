import Foundation
import HTTPAccess
import Primitives
import StoreStandIns
import Synchronization
import Testing
import TestSupport

@testable import FileStores

/// The three kinds of stores that the conformance tests run with.
enum StoreUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case file
    case s3
    case azblob

    var testDescription: String { rawValue }

    /// The kinds that can be tested on this machine: S3 needs moto, which is a Python package.
    static var available: [StoreUnderTest] {
        allCases.filter { $0 != .s3 || MotoServer.python != nil }
    }

    /// An empty directory, prefix or container for one test.
    func makeFixture() async throws -> StoreFixture {
        switch self {
        case .file: return .file(try TemporaryDirectory())
        case .s3: return .s3(try Moto.shared(), prefix: UUID().uuidString)
        case .azblob:
            let standIn = AzureStandIn()
            return .azblob(standIn, try await StandInServer { standIn.reply(to: $0) }, HTTPTransport.forStore())
        }
    }
}

/// One moto server for all tests of this process; it ends with the process.
enum Moto {
    private static let started = Mutex<Result<MotoServer, any Error>?>(nil)
    static let connections = HTTPTransport.forStore()

    static func shared() throws -> MotoServer {
        try started.withLock { started in
            let result = started ?? Result { try MotoServer() }
            started = result
            return try result.get()
        }
    }
}

/// A place for a store's files: makes stores there and reads what they stored.
enum StoreFixture: Sendable {
    case file(TemporaryDirectory)
    case s3(MotoServer, prefix: String)
    case azblob(AzureStandIn, StandInServer, HTTPTransport)

    /// The smallest size of a part that the store permits, so that small files have several parts.
    static let s3PartSize = 5 * 1_024 * 1_024
    static let blockSize = 64 * 1_024

    /// A file of three parts.
    var partedContent: [UInt8] {
        let size =
            switch self {
            case .file: 300_000
            case .s3: Self.s3PartSize * 2 + 12_345
            case .azblob: Self.blockSize * 2 + 12_345
            }
        var generator = SeededGenerator(seed: 7)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + 8)
        while bytes.count < size { withUnsafeBytes(of: generator.next()) { bytes += $0 } }
        return Array(bytes.prefix(size))
    }

    /// - Parameters:
    ///   - cut: Makes requests fail; without effect for the local store, which sends none.
    ///   - now: The time of the store's clock in milliseconds, in place of the present.
    func store(_ cut: WireCut? = nil, now: Int64? = nil) throws -> any FileStore {
        var clock = StoreClock.system
        clock.sleep = { _ in }
        if let now { clock.now = { now } }
        switch self {
        case .file(let directory): return LocalFileStore(root: directory.path)
        case .s3(let moto, let prefix):
            let wire = StoreWire(Moto.connections)
            return try S3FileStore(
                "s3://\(moto.stage.bucket)/\(prefix)",
                Self.configuration(moto),
                cut?.wire(wire) ?? wire,
                clock,
                partSize: Self.s3PartSize
            )
        case .azblob(_, let server, let connections):
            var configuration = AzureBlobConfiguration()
            configuration.endpoint = server.url
            configuration.sasToken = Secret(AzureStandIn.signature)
            return try AzureBlobFileStore(
                "azblob://\(AzureStandIn.account)/\(AzureStandIn.container)/some/prefix",
                configuration,
                cut?.wire(StoreWire(connections)) ?? StoreWire(connections),
                clock,
                blockSize: Self.blockSize
            )
        }
    }

    static func configuration(_ moto: MotoServer) -> S3Configuration {
        var configuration = S3Configuration()
        configuration.endpoint = moto.stage.endpoint
        configuration.environment = moto.environment
        return configuration
    }

    /// The file that readers see under a key; nil if they see none.
    func visible(_ key: FileKey = .sample) async throws -> [UInt8]? {
        let store = try store()
        return try await store.read(store.location + "/" + key.description, limit: 64 * 1_024 * 1_024)
    }

    func close() async {
        if case .azblob(_, let server, let connections) = self {
            await connections.close()
            await server.stop()
        }
    }
}

/// Makes every request after the first ones fail, as after a crash.
final class WireCut: Sendable {
    enum Mode: Sendable, CaseIterable {
        /// The crash comes before the last request is sent.
        case before
        /// The crash comes after the last request was sent, before its response arrives.
        case after
    }

    private let remaining: Mutex<Int>
    private let mode: Mode

    init(after requests: Int, _ mode: Mode) {
        remaining = Mutex(requests)
        self.mode = mode
    }

    var isOver: Bool { remaining.withLock { $0 < 0 } }

    func wire(_ wire: StoreWire) -> StoreWire {
        StoreWire { [self] request in
            let left = remaining.withLock { remaining in
                remaining -= 1
                return remaining
            }
            if left >= 0 { return try await wire.send(request) }
            if left == -1, mode == .after { _ = try await wire.send(request) }
            throw CancellationError()
        }
    }
}
