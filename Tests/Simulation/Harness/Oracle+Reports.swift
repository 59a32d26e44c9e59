import ExportCore

extension Oracle {
    /// Whether offsets may identify more than one record, which permits fewer checks.
    var isAmbiguous: Bool { world.options.recreatesJobs }

    /// The jobs partition was deleted and created again: its unread records are lost by intent.
    func recreated(_ partition: Int) {
        pastArrivals += arrivals[partition]
        arrivals[partition] = []
        checkedArrivals[partition] = 0
    }

    func reported(_ report: Report) {
        switch report {
        case .lateAnswer: world.count("late answer")
        case .unread(let records):
            world.fail(
                "offsets \(records.from) to \(records.to) of partition \(records.partition) are reported as unread"
            )
        // Without transactions a crash may leave the old topic's offset with the new topic's state, and a worker that was
        // paused may write its position over that of its successor. The engine reads the records between them again.
        case .foreignOffset where !isExact: world.count("offset beyond the position")
        case .foreignOffset(let partition, let committed, let position):
            world.fail(
                "partition \(partition) has \(committed) committed and \(position) in its state, and no other consumer commits"
            )
        case .lost: world.count("lost")
        case .duplicate: world.count("duplicate")
        case .jobsPaused(_, let pause): world.count(pause.holdsCalls ? "calls paused" : "submissions paused")
        case .jobsResumed: world.count("resumed")
        case .accountPaused: world.count("account paused")
        case .storePaused: world.count("store paused")
        case .storeResumed: world.count("store resumed")
        case .intakePaused(let reason): world.count("intake paused: \(reason)")
        case .ended(_, let event):
            world.count("ended: \(event.status)")
            if let code = event.error?.code { world.count("error: \(code)") }
        case .outputDropped(_, let kind, let name): world.fail("the \(kind) of \(name) was dropped")
        case .stopped(let partition, _, .jobsEndBelowPosition) where isAmbiguous,
            .stopped(let partition, _, .jobsReplaced) where isAmbiguous:
            world.count("stopped")
            world.at(world.now + 30_000) { [unowned world] in Recreation.recover(Int(partition), in: world) }
        case .stopped(_, _, let reason): world.fail("a partition was stopped: \(reason)")
        default: break
        }
    }
}
