import Primitives

/// The template from which the worker builds the key of each file.
public struct FileKeyTemplate: Hashable, Sendable {
    /// The text of ``standard``.
    public static let defaultText = "{account}/{kind}/{yyyy}/{MM}/{dd}/{jobId}/{requestId}.{extension}"

    /// `{account}/{kind}/{yyyy}/{MM}/{dd}/{jobId}/{requestId}.{extension}`: the same job id in two partitions has two files.
    public static let standard = FileKeyTemplate(parts: [
        [.value(.account)], [.value(.kind)], [.value(.year)], [.value(.month)], [.value(.day)], [.value(.jobID)],
        [.value(.requestID), .literal("."), .value(.fileExtension)],
    ])

    /// The most parts of a template.
    static let maximumParts = 16

    /// The longest key in bytes, its slashes included. It leaves room for the prefix of a store within the 1,024 bytes of an
    /// object's name.
    static let maximumKeyLength = 900

    private enum Piece: Hashable {
        case literal(String)
        case value(FileKeyPlaceholder)
    }

    private let parts: [[Piece]]

    private init(parts: [[Piece]]) { self.parts = parts }

    /// Reads a template: parts between slashes, each of letters, digits, `. _ : = @ , -` and placeholders in braces.
    ///
    /// ``FileKeyPlaceholder/table`` lists the placeholders. `{jobId}` must be among them, or jobs would overwrite each
    /// other's files.
    public init(_ text: String) throws(FileStoreError) {
        let invalid = FileStoreError(.invalidTemplate, action: "use the template", path: "'\(text)'")
        var parts: [[Piece]] = []
        for part in text.split(separator: "/", omittingEmptySubsequences: false) {
            guard !part.isEmpty, !part.hasPrefix("."), let pieces = Self.pieces(part) else { throw invalid }
            parts.append(pieces)
        }
        guard parts.contains(where: { $0.contains(.value(.jobID)) }), parts.count <= Self.maximumParts else {
            throw invalid
        }
        self.parts = parts
    }

    /// The placeholders of the template. Values of others need not be set.
    public var placeholders: Set<FileKeyPlaceholder> {
        Set(parts.joined().compactMap { if case .value(let placeholder) = $0 { placeholder } else { nil } })
    }

    /// The key of a file; never below ``FileKey/manifestFolder``.
    public func key(_ values: FileKeyValues) -> FileKey {
        // The form has four digits for the year, whatever the time is.
        let day = Timestamp(milliseconds: values.date).rfc3339(fractionDigits: 0).prefix(10).split(separator: "-")
        var texts = parts.map { pieces in
            pieces.map { piece in
                switch piece {
                case .literal(let text): text
                case .value(let placeholder): FileKey.escaped(placeholder.value(in: values, day))
                }
            }.joined()
        }
        // A job's values must not lead to another batch's manifest, nor on file systems that ignore case. No other value
        // yields this part: percent signs of values are encoded.
        if texts[0].lowercased() == FileKey.manifestFolder { texts[0] = "%5F" + texts[0].dropFirst() }
        let key = texts.map { FileKey.bounded($0) }
        let length = key.reduce(key.count - 1) { $0 + $1.utf8.count }
        guard length > Self.maximumKeyLength else { return FileKey(safeParts: key) }
        // Equal shares are enough for a digest in each part.
        let share = (Self.maximumKeyLength + 1) / texts.count - 1
        return FileKey(safeParts: texts.map { FileKey.bounded($0, to: share) })
    }

    private static func pieces(_ part: Substring) -> [Piece]? {
        var pieces: [Piece] = []
        var rest = part
        while let first = rest.first {
            if first == "{" {
                guard let close = rest.firstIndex(of: "}"),
                    let placeholder = FileKeyPlaceholder(name: String(rest[rest.index(after: rest.startIndex)..<close]))
                else { return nil }
                pieces.append(.value(placeholder))
                rest = rest[rest.index(after: close)...]
            } else {
                let literal = rest.prefix { $0 != "{" }
                guard literal.utf8.allSatisfy(FileKey.isHarmless) else { return nil }
                pieces.append(.literal(String(literal)))
                rest = rest.dropFirst(literal.count)
            }
        }
        return pieces
    }
}
