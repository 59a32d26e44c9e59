import Foundation
import Testing

/// Every input of the corpora, and mutations of them that are the same in every run. `make fuzz` runs the same targets with
/// libFuzzer, whose mutations follow the code; inputs with which it finds a fault are added to the corpus.
@Suite(.serialized) struct FuzzTests {
    /// The inputs of a target, by file.
    private func corpus(of target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        try target.folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                .filter { !$0.hasPrefix(".") }
                .map { (target.name + "/" + $0, Array(try Data(contentsOf: folder.appending(path: $0)))) }
        }
    }

    @Test(arguments: FuzzTarget.all)
    func corpusCausesNoProblem(target: FuzzTarget) throws {
        let corpus = try corpus(of: target)
        #expect(corpus.count >= 5)
        for input in corpus {
            if let problem = target.problem(input.bytes) { Issue.record("\(input.name): \(problem)") }
        }
    }

    @Test(arguments: FuzzTarget.all)
    func mutatedInputsCauseNoProblem(target: FuzzTarget) async throws {
        var mutator = Mutator(corpus: try corpus(of: target).map(\.bytes), dictionary: target.dictionary, seed: 1)
        for number in 0..<500 {
            // Other tests share the cooperative threads.
            if number % 256 == 0 { await Task.yield() }
            let input = mutator.next()
            guard let problem = target.problem(input) else { continue }
            let path = FileManager.default.temporaryDirectory.appending(path: "fuzz-\(target.name)-\(number)")
            try Data(input).write(to: path)
            Issue.record("\(target.name), input \(number), kept as \(path.path): \(problem)")
            break
        }
    }

    @Test func mutationsAreReproducibleBySeed() {
        let corpus = [Array("abc".utf8), Array("{\"x\":1}".utf8)]
        var first = Mutator(corpus: corpus, dictionary: ["y"], seed: 7)
        var second = Mutator(corpus: corpus, dictionary: ["y"], seed: 7)
        var other = Mutator(corpus: corpus, dictionary: ["y"], seed: 8)
        let (inputs, again, others) = (
            (0..<50).map { _ in first.next() }, (0..<50).map { _ in second.next() }, (0..<50).map { _ in other.next() }
        )
        #expect(inputs == again)
        #expect(inputs != others)
    }

    @Test func nearbyFaultIsFound() {
        // The mutations find an input that differs from the corpus in a few bytes.
        let picky = FuzzTarget(name: "picky", dictionary: ["(("]) { $0.starts(with: Array("((".utf8)) ? "found" : nil }
        var mutator = Mutator(corpus: [Array("payment".utf8)], dictionary: picky.dictionary, seed: 1)
        #expect((0..<2_000).contains { _ in picky.problem(mutator.next()) != nil })
    }
}

extension FuzzTarget: CustomTestStringConvertible {
    var testDescription: String { name }
}
