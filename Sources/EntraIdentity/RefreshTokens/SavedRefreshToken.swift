import Crypto
import Foundation
import Primitives

/// The content of a refresh token's file: the token, the configured token that it replaces, and its times. `RefreshTokenFile`
/// writes it, `RefreshTokenStore` reads it.
struct SavedRefreshToken: Sendable, Hashable {
    var token: String
    /// The digest of the configured token that this one replaces; nil if unknown.
    var basis: String?
    /// When it was issued.
    var issued: Date?
    /// When the person signed in.
    var signedIn: Date?

    init(token: String, basis: String? = nil, issued: Date? = nil, signedIn: Date? = nil) {
        self.token = token
        self.basis = basis
        self.issued = issued
        self.signedIn = signedIn
    }

    /// Identifies the sign-in: a token that replaces this one keeps the mark. A token without metadata was written by a
    /// person, so it counts as a sign-in of its own; a token that replaces a configured one does not.
    var signInMark: String {
        if let signedIn { return "signed in \(Int64(signedIn.timeIntervalSince1970.rounded()))" }
        return basis == nil && issued == nil ? Self.digest(of: token) : ""
    }

    /// Reads a file's content: the document that ``text`` writes, or a token without metadata.
    init?(_ content: String) {
        guard content.hasPrefix("{") else {
            self.init(token: content)
            return
        }
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(content.utf8)),
            !document.refreshToken.isEmpty
        else { return nil }
        self.init(
            token: document.refreshToken,
            basis: document.basis,
            issued: Self.date(document.issued),
            signedIn: Self.date(document.signedIn)
        )
    }

    /// A time within the years 1970 to 9999; nil for others, which a damaged file may hold.
    private static func date(_ seconds: Double?) -> Date? {
        seconds.flatMap { (0...253_402_300_799).contains($0) ? Date(timeIntervalSince1970: $0) : nil }
    }

    /// The document for the file.
    var text: String {
        let document = Document(
            refreshToken: token,
            basis: basis,
            issued: issued.map { $0.timeIntervalSince1970.rounded() },
            signedIn: signedIn.map { $0.timeIntervalSince1970.rounded() }
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? encoder.encode(document)) ?? Data()
        return String(decoding: data, as: UTF8.self) + "\n"
    }

    private struct Document: Codable {
        var refreshToken: String
        var basis: String?
        /// Seconds since 1970.
        var issued: Double?
        var signedIn: Double?
    }

    /// The digest that identifies a configured token: the token itself must not be written to another file.
    static func digest(of token: String) -> String {
        "sha256:" + Hexadecimal.encoded(SHA256.hash(data: Array(token.utf8)))
    }
}
