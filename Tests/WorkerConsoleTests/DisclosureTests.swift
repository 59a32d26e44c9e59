import Testing
import WorkerSamples

@testable import WorkerConsole

@Suite("Secrets")
struct DisclosureTests {
    @Test(arguments: [
        "GET https://a.blob.core.windows.net/c/f.csv?sig=abc%3D&se=1 failed",
        "'https://a.example/c?sig=abc' and more", "https://user:abc@host/path", "sig=abc", "SIG = abc, next",
        "password: abc", "{\"access_token\":\"abc\"}", "sig%3Dabc",
    ])
    func secretsAreRemoved(text: String) {
        #expect(!Disclosure.clean(text).contains("abc"), "\(Disclosure.clean(text))")
    }

    @Test func tokensAreRemoved() {
        #expect(!Disclosure.clean("with Bearer \(Planted.token) it").contains("eyJ"))
        #expect(!Disclosure.clean("token \(Planted.token)").contains("eyJ"))
        #expect(Planted.all.allSatisfy { !Disclosure.clean(Planted.text).contains($0) })
    }

    @Test(arguments: [
        "HTTP 400: the filter names no field 'foo' (code 2000).", "Kafka: 3/3 brokers are down", "design = good",
        "see https://learn.microsoft.com/partner-center/payouts for more",
    ])
    func otherTextIsUnchanged(text: String) { #expect(Disclosure.clean(text) == text) }

    @Test func locationHasNoQuery() {
        #expect(Disclosure.location(Planted.url) == "https://acct.blob.core.windows.net/exports/file.csv")
        #expect(Disclosure.location("file:///var/lib/exports/a.csv") == "file:///var/lib/exports/a.csv")
    }
}
