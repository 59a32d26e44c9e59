import Foundation
import Primitives
import Testing

@testable import EntraIdentity
@testable import payout_worker

@Suite struct RefreshTokenAgeTests {
    private static let day: Double = 86_400

    private static func environment(_ folder: TemporaryFile) -> [String: String] {
        [
            "PAYOUT_API_TENANT_ID": "t", "PAYOUT_API_CLIENT_ID": "c",
            "PAYOUT_API_REFRESH_TOKEN_SAVED_IN": folder.path + "/",
        ]
    }

    @Test func agesAreReadFromTheSavedFile() async throws {
        let folder = try TemporaryFile(directory: ())
        let settings = try Settings(environment: Self.environment(folder))
        // Before the first sign-in, nothing is known and there is no problem.
        let before = await RefreshTokenAge.read(settings)
        #expect(before.ages.isEmpty && before.notes.isEmpty)

        let file = RefreshTokenFile(path: folder.path + "/default.refresh-token")
        let signedIn = Date(timeIntervalSinceNow: -61.5 * Self.day)
        try await file.save(Secret("rt-0"), inPlaceOf: nil, signedIn: signedIn)
        let (ages, notes) = await RefreshTokenAge.read(settings)
        #expect(notes.isEmpty)
        let age = try #require(ages.first)
        #expect(age.account == "default")
        #expect((60 * Self.day..<62 * Self.day).contains(age.refreshTokenAgeSeconds))
        #expect((60 * Self.day..<62 * Self.day).contains(age.signInAgeSeconds ?? 0))
        let text = RefreshTokenAge.lines(ages).joined(separator: "\n")
        #expect(text.contains("61 d"))
        #expect(text.contains("not been used for 61 days"))
        #expect(text.contains("payout-worker sign-in"))
        #expect(!text.contains("rt-0"))
    }

    @Test func damagedFileIsNoted() async throws {
        let folder = try TemporaryFile(directory: ())
        try Data("{broken".utf8).write(to: URL(filePath: folder.path + "/default.refresh-token"))
        let (ages, notes) = await RefreshTokenAge.read(try Settings(environment: Self.environment(folder)))
        #expect(ages.isEmpty)
        #expect(notes.count == 1)
        #expect(notes.first?.contains("default") == true)
        #expect(notes.first?.contains("broken") == false)
    }

    @Test func warningsStartAtSixtyDays() {
        func warnings(unused: Double, signedIn: Double?) -> [String] {
            let now = Date()
            let status = Self.status(unused: unused, signedIn: signedIn, now: now)
            return RefreshTokenAge(account: "emea", status, now: now).warnings
        }
        #expect(warnings(unused: 59, signedIn: 59).isEmpty)
        #expect(warnings(unused: 1, signedIn: nil).isEmpty)
        #expect(warnings(unused: 60, signedIn: 59).count == 1)
        let old = warnings(unused: 1, signedIn: 60)
        #expect(old.count == 1)
        #expect(old.first?.contains("payout-worker sign-in --account emea") == true)
    }

    private static func status(unused: Double, signedIn: Double?, now: Date) -> RefreshTokenStatus {
        RefreshTokenStatus(
            lastUsed: now.addingTimeInterval(-unused * day),
            signedIn: signedIn.map { now.addingTimeInterval(-$0 * day) }
        )
    }
}
