import Testing

/// The code of the libraries' articles is compiled and names what exists.
@Suite struct ArticleCodeTests {
    private static let libraries = ["KafkaClient", "PayoutAPI"]

    /// The blocks of Swift in an article, each as its lines without blanks around them.
    private func blocks(of article: String) -> [[Substring]] {
        var blocks: [[Substring]] = []
        var current: [Substring]?
        for line in lines(of: article) {
            switch (current, line) {
            case (nil, "```swift"): current = []
            case (let block?, "```"):
                blocks.append(block)
                current = nil
            case (let block?, _): current = block + [line]
            case (nil, _): break
            }
        }
        return blocks
    }

    private func lines(of text: String) -> [Substring] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.trimmingPrefix(while: \.isWhitespace) }
    }

    @Test(arguments: libraries)
    func everyCodeBlockIsInTheCodeThatTestsRun(library: String) throws {
        let code = lines(of: try Repository().text(of: "Tests/\(library)Tests/Documentation/ArticleCode.swift"))
        let articles = try Repository().files(in: "Sources/\(library)/\(library).docc", ending: ".md")
        let found = articles.flatMap { blocks(of: $0.text) }.filter { block in
            block.first != "// Package.swift" && block.contains { !$0.hasPrefix("import ") }
        }
        #expect(found.count > 10)
        for block in found {
            let isThere = code.indices.contains { code[$0...].starts(with: block) }
            #expect(isThere, "an article has code that nothing compiles:\n\(block.joined(separator: "\n"))")
        }
    }

    @Test(arguments: libraries)
    func manifestInTheArticleNamesTheProductOfThePackage(library: String) throws {
        let article = try Repository().text(of: "Sources/\(library)/\(library).docc/GettingStarted.md")
        let block = try #require(blocks(of: article).first)
        let manifest = try Repository().text(of: "Package.swift")
        #expect(block.first == "// Package.swift")
        #expect(block.joined().contains(".product(name: \"\(library)\", package: \"payout-export-worker\")"))
        #expect(manifest.contains("name: \"payout-export-worker\""))
        #expect(manifest.contains(try Regex("\\.library\\(\\s*name: \"\(library)\"")))
    }
}
