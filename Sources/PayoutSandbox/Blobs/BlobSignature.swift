import Crypto
import Foundation
import Primitives

/// Signs and checks the query of a file's URL, in the manner of a shared access signature.
struct BlobSignature: Sendable {
    private static let version = "2023-11-03"

    private let key: SymmetricKey

    init(key: SymmetricKey) {
        self.key = key
    }

    /// The query for a path, good until `expiry`.
    func query(path: String, expiry: Timestamp) -> String {
        let expiryText = expiry.secondsText
        let code = HMAC<SHA256>.authenticationCode(for: signed(path: path, expiry: expiryText), using: key)
        let signature = Base64.encoded(code)
        return "sv=\(Self.version)&se=\(expiryText.percentEncoded())&sr=b&sp=r&sig=\(signature.percentEncoded())"
    }

    /// Says what is wrong with a query; nil when nothing is.
    func problem(path: String, query: FormFields, at now: Timestamp) -> String? {
        guard let expiryText = query["se"], let signature = query["sig"], query["sv"] == Self.version,
            query["sr"] == "b", query["sp"] == "r", let expiry = Timestamp(rfc3339: expiryText)
        else { return "The signature's fields are not well-formed." }
        guard let code = Base64.decoded(signature.utf8),
            HMAC<SHA256>.isValidAuthenticationCode(
                code,
                authenticating: signed(path: path, expiry: expiryText),
                using: key
            )
        else { return "Signature did not match." }
        guard now < expiry else { return "Signature not valid in the specified time frame." }
        return nil
    }

    private func signed(path: String, expiry: String) -> Data {
        Data("r\n\(expiry)\n\(path)\n\(Self.version)\nb".utf8)
    }
}
