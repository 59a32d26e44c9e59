import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A client of a worker's console.
struct Console: Sendable {
    /// One of the reasons of `/readyz`.
    struct Reason: Sendable {
        var code: String
        var message: String
        var remedy: String
    }

    let base: URL

    init(base: URL) { self.base = base }

    /// The console of a worker; waits until it listens.
    init(of worker: Command) async throws {
        let pattern = /The console listens.* port=([0-9]+)/
        try await worker.wait(for: "the console") { worker.errors.contains(pattern) }
        let port = try #require(worker.errors.firstMatch(of: pattern)?.1)
        base = try #require(URL(string: "http://127.0.0.1:\(port)"))
    }

    /// The body of a response with any status.
    func body(_ path: String) async throws -> Data {
        try await URLSession.shared.data(from: base.appendingPathComponent(path)).0
    }

    /// The status of the response to an action.
    func post(_ path: String, _ body: String, token: String) async throws -> Int? {
        var request = URLRequest(url: base.appendingPathComponent(path))
        request.httpMethod = "POST"
        request.httpBody = Data(body.utf8)
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        return (try await URLSession.shared.data(for: request).1 as? HTTPURLResponse)?.statusCode
    }

    /// The object at a path with a query.
    func object(query: String) async throws -> [String: Any] {
        let url = try #require(URL(string: query, relativeTo: base))
        let data = try await URLSession.shared.data(from: url).0
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    func object(_ path: String) async throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: try await body(path)) as? [String: Any])
    }

    /// The reasons of a document of the console.
    func reasons(_ path: String) async throws -> [Reason] {
        let document = try await object(path)
        let health = document["health"] as? [String: Any] ?? document
        let reasons = try #require(health["reasons"] as? [[String: Any]])
        return reasons.map {
            Reason(
                code: $0["code"] as? String ?? "",
                message: $0["message"] as? String ?? "",
                remedy: $0["remedy"] as? String ?? ""
            )
        }
    }

    func reason(_ code: String) async throws -> Reason? {
        try await reasons("readyz").first { $0.code == code }
    }

    /// Whether `/readyz` reports that the worker can take jobs.
    func isReady() async throws -> Bool { try await object("readyz")["status"] as? String != "notReady" }

    func metrics() async throws -> String { String(decoding: try await body("metrics"), as: UTF8.self) }
}
