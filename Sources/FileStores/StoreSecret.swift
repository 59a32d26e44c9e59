import Foundation

/// A secret: given as it is, or in a file that is read again each time, so that it can be exchanged.
public enum StoreSecret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The secret itself.
    case text(String)
    /// The path of the file that holds it; line ends at its end are no part of it.
    case file(String)

    /// Never the secret.
    public var description: String { "REDACTED" }
    /// Never the secret.
    public var debugDescription: String { "REDACTED" }

    /// The secret.
    func reveal(_ action: String) throws(FileStoreError) -> String {
        switch self {
        case .text(let text): return text
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path),
                let text = String(data: data, encoding: .utf8)
            else {
                throw FileStoreError(.noCredentials, action: action, path: path, detail: "the file cannot be read")
            }
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
}
