/// Codes and ids from the response of a store or an identity service, safe for errors, logs and events.
///
/// A server may echo a signature, a key or a token that it was sent, which must not reach a log. Secrets are longer than
/// codes and ids, or have other characters, so only what has the form of a code or an id is passed through; the rest
/// becomes ``Redaction/mark``. No text, and an empty one, is nil.
public enum ResponseWord {
    /// An error code such as `NoSuchBucket`, `AuthenticationFailed` or `invalid_client`.
    public static func code(_ text: String?) -> String? {
        word(text, longest: 64) { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") }
    }

    /// A request's id: a GUID, or a short text of letters, digits and hyphens. Signatures of Azure are in Base64, those of
    /// AWS have 64 digits.
    public static func requestID(_ text: String?) -> String? {
        word(text, longest: 60) { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
    }

    /// A region's name such as `eu-central-1`.
    public static func region(_ text: String?) -> String? {
        word(text, longest: 32) { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
    }

    private static func word(_ text: String?, longest: Int, _ isAllowed: (UInt8) -> Bool) -> String? {
        guard let text, !text.isEmpty else { return nil }
        return text.utf8.count <= longest && text.utf8.allSatisfy(isAllowed) ? text : Redaction.mark
    }
}
