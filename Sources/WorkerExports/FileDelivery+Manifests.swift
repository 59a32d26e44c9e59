import ExportCore
import FileStores
import NIOCore
import WorkerRuntime

extension FileDelivery {
    /// Stores a batch's manifest as `_batch/{batchId}.json`. The same content replaces it when this is repeated.
    func store(_ manifest: BatchManifest) async -> CallResult {
        let name = manifest.batchID + ".json"
        guard let key = FileKey(parts: [FileKey.manifestFolder, name]) else {
            return .failed(.refused(message: "no name"))
        }
        let digests = ContentDigests(of: manifest.document)
        do {
            let upload = try await store.begin(key, metadata: FileMetadata(expected: .json))
            do {
                try await upload.write(ByteBuffer(bytes: manifest.document))
                let stored = try await upload.finish(digests)
                return .stored(ExportFile(stored, sha256: digests.sha256, fileName: key.parts.last ?? name))
            } catch {
                await upload.abort()
                throw error
            }
        } catch let error as FileStoreError where error.mayConcernKey {
            // Only the folder of manifests may be refused, so this says nothing about the files of exports.
            return .failed(.refused(message: texts.sentence(for: error)))
        } catch {
            return result(of: error)
        }
    }
}
