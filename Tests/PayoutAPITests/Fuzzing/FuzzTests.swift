import Foundation
import Testing

/// Mutated inputs, which are the same in every run. `make fuzz SECONDS=…` continues with random ones for that time; inputs that
/// it finds are added to the corpus.
@Suite(.serialized) struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seconds = environment["FUZZ_SECONDS"].flatMap { Double($0) }
    private static let seed = environment["FUZZ_SEED"].flatMap { UInt64($0) }
    private static let only = environment["FUZZ_ONLY"]
    private static let targets = FuzzTarget.all.filter { only == nil || $0.name == only }

    @Test(arguments: targets)
    func corpusCausesNoProblem(target: FuzzTarget) throws {
        let corpus = try target.corpus()
        #expect(corpus.count >= 5)
        for input in corpus {
            if let problem = target.problem(input.bytes) { Issue.record("\(target.name)/\(input.name): \(problem)") }
        }
    }

    @Test(arguments: targets)
    func mutatedInputsCauseNoProblem(target: FuzzTarget) async throws {
        let rounds = Self.seconds == nil ? 3_000 : Int.max
        let seed = Self.seed ?? (Self.seconds == nil ? 1 : UInt64.random(in: 1 ... .max))
        let end = ContinuousClock.now + .seconds(Self.seconds ?? 3600)
        var mutator = Mutator(corpus: try target.corpus().map(\.bytes), dictionary: target.dictionary, seed: seed)
        let folder = FileManager.default.temporaryDirectory.appending(path: "payout-fuzz")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // Each process has its own file: another process that truncates a shared one would crash this process.
        let process = ProcessInfo.processInfo.processIdentifier
        let trial = folder.appending(path: "\(target.name)-\(process).current")
        let current = try CurrentInput(path: trial.path)
        defer { try? FileManager.default.removeItem(at: trial) }
        var done = 0
        while done < rounds {
            if done % 256 == 0 {
                // Other tests share the cooperative threads.
                await Task.yield()
                if ContinuousClock.now >= end { break }
            }
            let input = mutator.next()
            current.set(input)
            done += 1
            guard let problem = target.problem(input) else { continue }
            let path = folder.appending(path: "\(target.name)-\(seed)-\(done)")
            try Data(input).write(to: path)
            Issue.record("\(target.name), seed \(seed), input \(done), kept as \(path.path): \(problem)")
            break
        }
        if Self.seconds != nil { print("fuzz: \(target.name), seed \(seed): \(done) inputs") }
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
