/// Text for a shell.
enum ShellText {
    /// A text that a shell passes on unchanged.
    static func quoted(_ text: String) -> String {
        let plain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./:,@%+=".contains($0)) }
        return plain && !text.isEmpty ? text : "'" + text.replacing("'", with: "'\\''") + "'"
    }

    /// The last argument of a command. One that begins with a hyphen is no option.
    static func argument(_ text: String) -> String { (text.hasPrefix("-") ? "-- " : "") + quoted(text) }
}
