extension [UInt8] {
    mutating func appendText(_ text: String) {
        append(contentsOf: text.utf8)
    }
}
