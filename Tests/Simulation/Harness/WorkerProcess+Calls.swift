import ExportCore

extension WorkerProcess {
    func make(_ call: Call) {
        inFlight.insert(call.token)
        owed.insert(call.token)
        let isDownload = call.token.kind.isTransfer
        if isDownload { downloads.started(call, at: world.now) } else { progress.started(call.job.account) }
        if inFlight.count - downloads.count > world.plan.configuration.maxConcurrentRequests {
            world.fail("\(name) has \(inFlight.count - downloads.count) API calls in flight")
        }
        world.oracle.called(call, by: self)
        let latency = world.service.latency(at: world.now)
        world.at(world.now + latency.there) { [weak self, world] in
            let result = world.service.answer(call, at: world.now)
            guard let self else { return }
            guard isDownload else { return self.later(latency.back) { self.postAnswer(call.token, result) } }
            let duration = latency.back + world.service.transferTime(call)
            self.scheduleEnd(call.token, self.downloads.arrived(call.token, result, duration: duration, at: world.now))
        }
    }

    func suspend(_ token: CallToken) {
        world.count("download suspended")
        if let complaint = downloads.suspended(token, at: world.now) { world.fail("\(name) \(complaint)") }
    }

    func resume(_ token: CallToken) {
        world.count("download resumed")
        scheduleEnd(token, downloads.resumed(token, at: world.now))
    }

    private func scheduleEnd(_ token: CallToken, _ end: (after: Int64, turn: Int)?) {
        guard let end else { return }
        later(end.after) {
            guard let result = self.downloads.result(token, turn: end.turn) else { return }
            self.postAnswer(token, result)
        }
    }

    /// Answers the transfer as abandoned, unless its own answer is already in flight.
    func cancel(_ token: CallToken) {
        guard inFlight.contains(token) else { return world.fail("\(name) ends \(token), which is not in flight") }
        world.count("transfer ended")
        later(1) { self.postAnswer(token, .failed(.abandoned)) }
    }

    /// Answers the transfers of an assignment that has ended as abandoned.
    func cancelDownloads(partition: Int32, epoch: Epoch) {
        for token in downloads.tokens(partition: partition, epoch: epoch) { cancel(token) }
    }

    private func postAnswer(_ token: CallToken, _ result: CallResult) {
        guard owed.remove(token) != nil else { return }
        post(.answered(token, result))
    }
}
