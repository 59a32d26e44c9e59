import ExportCore

extension Oracle {
    /// Checks that every record below a committed offset has a job, an event or a dead letter.
    func checkOffsets(_ partition: Int, upTo offset: Int64) {
        guard !isAmbiguous else { return }
        while checkedArrivals[partition] < arrivals[partition].count {
            let arrival = arrivals[partition][checkedArrivals[partition]]
            guard arrival.offset < offset else { return }
            checkedArrivals[partition] += 1
            let isDeadLetter = deadLetters[partition][arrival.offset] != nil
            switch arrival.content {
            case .cancel, .pause, .resume: break
            case .unreadable:
                if !isDeadLetter { world.fail("unreadable record \(partition)/\(arrival.offset) was skipped") }
            case .export(let job):
                // A repeated job is treated as the first one, which may have been refused for its size.
                let isRefused = plan.limits.isBounded && rejections[job.id] != nil
                let isKnown = lives[job.id] != nil || endedLives[job.id] != nil || isRefused
                if !isDeadLetter && !isKnown {
                    world.fail("\(job.id) at \(partition)/\(arrival.offset) was skipped")
                }
            }
        }
    }
}
