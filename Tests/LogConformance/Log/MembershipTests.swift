import Testing

@testable import WorkerKafka

@Suite struct MembershipTests {
    @Test func excludedMemberIsNoMemberUntilItsNextAssignment() {
        let (assignments, sink) = (Assignments(), RecordingSink())
        #expect(!assignments.isMember)
        let assigned = assignments.assign([0], under: nil, reportingTo: sink)
        #expect(assignments.isMember)
        assignments.lose([0], nil, isExcluded: true, reportingTo: sink)
        #expect(!assignments.isMember)
        #expect(sink.now.lost == [0])
        #expect(assigned.allSatisfy { !assignments.isCurrent($0.partition, $0.epoch) })
        _ = assignments.assign([], under: nil, reportingTo: sink)
        #expect(assignments.isMember)
        // A revocation that was not answered in time leaves the member in its group.
        assignments.lose([0], nil, isExcluded: false, reportingTo: sink)
        #expect(assignments.isMember)
    }
}
