import ExportCore
import Synchronization

/// The downloads in flight. A download is cancelled when its job or assignment ends.
final class Transfers: Sendable {
    private let transfers = Mutex<[CallToken: Transfer]>([:])

    private subscript(token: CallToken) -> Transfer? { transfers.withLock { $0[token] } }

    /// Notes that a download is requested.
    func expect(_ token: CallToken) { transfers.withLock { $0[token] = Transfer() } }

    // The following do nothing once the download has ended.

    func suspend(_ token: CallToken) { self[token]?.suspend() }

    func resume(_ token: CallToken) { self[token]?.resume() }

    func cancel(_ token: CallToken) { self[token]?.cancel() }

    /// Cancels all downloads of an assignment that has ended: nothing uses their answers, and they would delay others.
    func cancel(partition: Int32, epoch: Epoch) {
        let ended = transfers.withLock { transfers in
            transfers.filter { $0.key.partition == partition && $0.key.epoch == epoch }
        }
        for transfer in ended.values { transfer.cancel() }
    }

    /// Makes a download.
    func run(
        _ token: CallToken,
        _ download: @escaping @Sendable (Transfer) async -> CallResult
    ) async -> CallResult {
        let result = await (self[token] ?? Transfer()).run(download)
        transfers.withLock { $0[token] = nil }
        return result
    }
}
