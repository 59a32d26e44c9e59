import ExportCore

extension VirtualService {
    /// Stores a batch's manifest. A paused worker may do that long after another one.
    func storeManifest(_ call: Call, at now: Int64) -> CallResult {
        if happens(.download, 0.2, at: now) { return .failed(.transient(message: "connection reset")) }
        guard let batch = call.batch else { return .failed(.refused(message: "nothing to store")) }
        if storeOutages.contains(where: { $0.contains(now) }) {
            return .failed(.storeUnavailable(message: "no space is left"))
        }
        // The store accepts no file of this name, ever.
        if happens(.store, 0.2, at: now) || refusedManifests.contains(batch.batch.id) {
            refusedManifests.insert(batch.batch.id)
            return .failed(.refused(message: "the name is not permitted"))
        }
        let location = "store://_batch/\(batch.batch.id).json"
        manifests[location] = batch
        return .stored(ExportFile(location: location, stored: true, fileName: "\(batch.batch.id).json"))
    }
}
