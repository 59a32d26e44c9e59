import Primitives

/// A secret in inputs and requests. No output may contain it.
let plantedSecret = "Pl4nted-Secret/0123456789+abc="

/// What is wrong with texts that must not contain the secret.
func leak(_ texts: String?...) -> String? {
    for case let text? in texts where text.contains(plantedSecret) || text.contains(plantedSecret.percentEncoded()) {
        return "a secret shows: \(text)"
    }
    return nil
}

/// What is wrong with texts for logs and people.
func untidiness(_ texts: String?...) -> String? {
    for case let text? in texts {
        if text.count > Redaction.maximumLength + 1 { return "a text of \(text.count) characters" }
        if let problem = controlCharacter(in: text) { return problem }
    }
    return nil
}

/// Whether a text contains a control character, as a problem.
func controlCharacter(in text: String) -> String? {
    text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F } ? "a control character in \(text)" : nil
}
