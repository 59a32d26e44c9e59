import Foundation
import Testing

@testable import PayoutAPI

@Suite("Ids of requests")
struct RequestIDTests {
    @Test func everyIDIsAnotherRandomUUID() {
        let ids = RequestIDs()
        let texts = (0..<1_000).map { _ in ids.next().uuidString }
        #expect(Set(texts).count == 1_000)
        for text in texts {
            #expect(text.wholeMatch(of: /[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}/) != nil)
        }
        #expect(RequestIDs().next().uuidString.prefix(18) != texts[0].prefix(18))
    }

    @Test func countingKeepsTheVariant() throws {
        let last = try #require(UUID(uuidString: "93c2b3cf-c6d8-4e7e-bfff-ffffffffffff"))
        let ids = RequestIDs(from: last)
        #expect(ids.next() == last)
        #expect(ids.next().uuidString == "93C2B3CF-C6D8-4E7E-8000-000000000000")
        #expect(ids.next().uuidString == "93C2B3CF-C6D8-4E7E-8000-000000000001")
    }

    @Test func simultaneousRequestsHaveDifferentIDs() async {
        let ids = RequestIDs()
        let all = await withTaskGroup(of: [UUID].self) { group in
            for _ in 0..<8 { group.addTask { (0..<1_000).map { _ in ids.next() } } }
            return await group.reduce(into: Set<UUID>()) { $0.formUnion($1) }
        }
        #expect(all.count == 8_000)
    }
}
