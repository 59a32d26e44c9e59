import Testing
import WorkerRuntime

@testable import WorkerKafka

@Suite struct LeaderSilencesTests {
    private let start = ContinuousClock.now
    private let problem = LogProblem(.unreachable, code: "_TIMED_OUT", message: "no answer")

    @Test func silenceBeginsAtItsFirstFailure() {
        var silences = LeaderSilences()
        silences.failed(3, problem, at: start)
        silences.failed(4, problem, at: start + .seconds(1))
        silences.failed(3, problem, at: start + .seconds(14))
        #expect(silences.lasting(at: start + .seconds(14)).isEmpty)
        #expect(silences.lasting(at: start + .seconds(15)) == [3: problem])
    }

    @Test func answerAndRevocationEndASilence() {
        var silences = LeaderSilences()
        silences.failed(3, problem, at: start)
        silences.failed(4, problem, at: start)
        silences.answered(3)
        #expect(silences.lasting(at: start + .seconds(60)) == [4: problem])
        silences.keep([3])
        #expect(silences.lasting(at: start + .seconds(60)).isEmpty)
    }
}
