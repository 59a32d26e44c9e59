/// The location of a file in few bytes: most contain the export's request id, and end with the file's name.
struct FileLocation {
    let text: String
    /// Whether the last segment is the file's name.
    let endsInFileName: Bool
    /// The text before and after the request id; the whole text where it does not contain the id.
    private let front: Substring
    private let back: Substring?

    private static let nameMark: UInt8 = 1
    private static let idMark: UInt8 = 2

    init(_ text: String, _ requestID: String?, fileName: String) {
        self.text = text
        endsInFileName = Self.lastSegment(of: text).elementsEqual(fileName.utf8)
        // A short id may be a part of any text.
        let range = requestID.flatMap { $0.utf8.count < 8 ? nil : text.utf8.firstRange(of: $0.utf8) }
        front = range.map { text[..<$0.lowerBound] } ?? text[...]
        back = range.map { text[$0.upperBound...] }
    }

    init(_ reader: inout PackedReader, _ requestID: String?) {
        let marks = reader.byte()
        endsInFileName = marks & Self.nameMark != 0
        var text = reader.string() ?? ""
        if marks & Self.idMark != 0 { text += (requestID ?? "") + (reader.string() ?? "") }
        self.text = text
        (front, back) = (text[...], nil)
    }

    func encode(into writer: inout PackedWriter) {
        writer.write(byte: (endsInFileName ? Self.nameMark : 0) | (back == nil ? 0 : Self.idMark))
        writer.write(String(front))
        if let back { writer.write(String(back)) }
    }

    /// The text behind the last slash.
    var lastSegment: String { String(Substring(Self.lastSegment(of: text))) }

    private static func lastSegment(of text: String) -> Substring.UTF8View {
        let start = text.utf8.lastIndex(of: UInt8(ascii: "/")).map { text.utf8.index(after: $0) } ?? text.startIndex
        return text[start...].utf8
    }
}
