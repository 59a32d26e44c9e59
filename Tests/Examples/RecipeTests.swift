import Foundation
import Testing

/// Each block of code in the README, the guides and the pages of deploy/ is run by a test, or says why not.
@Suite struct RecipeTests {
    /// The recipes that the other suites run.
    static let run: Set = [
        "kcat-enqueue", "kcat-results", "python-enqueue", "python-results", "go-enqueue", "go-results",
        "enqueue", "schedule", "month", "split", "load", "dead-letters", "first-real-export", "run-with-kafka",
        "second-shell", "sign-in", "first-export", "run", "s3", "jobs-without-event",
        "after-upgrade", "cancel", "adopt", "migrate-adopt", "migrate-queue", "pause", "many-jobs", "accounts",
        "several-accounts", "one-account", "actions",
    ]

    @Test func everyBlockIsRunOrSaysWhyNot() throws {
        var names: [String] = []
        var findings: [String] = []
        for (path, page) in try Recipe.pages() {
            for block in CodeBlock.all(in: page) {
                if let example = block.example {
                    names.append(example)
                } else if (block.reason ?? "").isEmpty {
                    findings.append(
                        "\(path):\(block.line): neither '<!-- example: NAME -->' nor '<!-- not run: WHY -->'"
                    )
                }
            }
        }
        #expect(findings.sorted() == [])
        #expect(names.sorted() == Self.run.sorted())
    }

    @Test func recipesAreFoundByTheirNameOnly() {
        let text = "a\n<!-- example: one -->\n```sh\necho 1\necho 2\n```\n<!-- example: two -->\ntext\n"
        #expect(Recipe.text("one", in: text) == "echo 1\necho 2\n")
        #expect(Recipe.text("two", in: text) == nil)
        #expect(Recipe.text("three", in: text) == nil)
        let list = "1. a\n   <!-- example: one -->\n   ```sh\n   echo 1 \\\n       2\n   ```\n"
        #expect(Recipe.text("one", in: list) == "echo 1 \\\n    2\n")
    }

    @Test func blocksWithoutACommentAreFound() {
        let text = "text\n```sh\nls\n```\n<!-- not run: needs Docker -->\n```sh\nls\n```\n```text\nx\n```\n"
        let blocks = CodeBlock.all(in: text)
        #expect(blocks.map(\.line) == [2, 6])
        #expect(blocks.map(\.reason) == [nil, "needs Docker"])
    }
}
