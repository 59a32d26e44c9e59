import Foundation

/// A parser of untrusted input, with the properties that the suite and the libFuzzer program check for each input.
struct FuzzTarget: Sendable {
    /// The name, which is also the folder of its corpus.
    let name: String
    /// Folders of samples in the repository that are inputs too.
    var samples: [String] = []
    /// Words that mutations insert.
    let dictionary: [String]
    /// Parses an input, and returns the property that is violated; nil when there is none.
    let problem: @Sendable ([UInt8]) -> String?

    static let all: [FuzzTarget] = [
        .filters, .envelopes, .errorBodies, .sasURLs, .tokens, .headers, .claims, .answers, .jobs, .cloudEvents,
        .stateRecords, .events, .delimitedText, .storeAnswers, .archives, .configuration, .console, .members,
    ]

    /// The folder of this file's target, found from this file.
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// Folders with inputs: the corpus, and the samples.
    var folders: [URL] {
        let root = Self.folder.deletingLastPathComponent().deletingLastPathComponent()
        return [Self.folder.appending(path: "Corpus/\(name)")] + samples.map { root.appending(path: $0) }
    }
}
