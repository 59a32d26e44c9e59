/// Makes the names of an archive's members safe for completion events and, as relative paths, for file systems.
/// `ZipDirectory` uses it.
///
/// An archive is untrusted input. Its names may be `../../etc/passwd`, name a drive, or hold control characters and text
/// that changes direction.
enum MemberName {
    /// The longest name in bytes; longer ones are cut.
    static let maximumBytes = 255

    /// A safe form of a name. In names that are not UTF-8, characters beyond ASCII are replaced.
    static func safe(_ bytes: ArraySlice<UInt8>) -> String {
        let text =
            String(validating: bytes, as: UTF8.self)
            ?? String(String.UnicodeScalarView(bytes.map { $0 < 0x80 ? Unicode.Scalar($0) : "\u{FFFD}" }))
        let scalars = text.unicodeScalars.map { isInvisible($0) ? "\u{FFFD}" : $0 }
        // No name leads out of the archive's folder. Windows reads a backslash and a colon as parts of a path.
        let parts = scalars.split(omittingEmptySubsequences: true) { $0 == "/" || $0 == "\\" }
            .map { part in String(String.UnicodeScalarView(part.map { $0 == ":" ? "_" : $0 })) }
            .map { $0 == "." || $0 == ".." ? "_" : $0 }
        return cut(parts.joined(separator: "/"))
    }

    private static func cut(_ name: String) -> String {
        guard name.utf8.count > maximumBytes else { return name.isEmpty ? "_" : name }
        let mark = "…"
        var kept = String.UnicodeScalarView()
        var count = mark.utf8.count
        for scalar in name.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= maximumBytes else { break }
            kept.append(scalar)
        }
        return String(kept) + mark
    }

    /// Control characters, those that change the direction of text or join it, and what ends a line.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
