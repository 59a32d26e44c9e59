import ExportCore
import WorkerTelemetry

extension Remedies {
    func commands(for job: JobRecord) -> [String] {
        var commands = ["payout-worker jobs show \(job.job.id)"]
        if job.phase != .finished { commands.append("payout-worker cancel \(job.job.id)") }
        if let requestID = job.requestID {
            let account = job.job.account == "default" ? "" : " --account \(Self.argument(job.job.account))"
            let kind = job.job.kind.name
            commands.append("payout-worker export get --kind \(kind)\(account) \(Self.argument(requestID))")
        }
        return commands
    }

    func remedy(for pause: JobPause) -> String {
        let account = pause.target.account.map { " --account \(Self.argument($0))" } ?? ""
        let kind = pause.target.kind.map { " --kind \($0.name)" } ?? ""
        let command = "Run 'payout-worker resume\(account)\(kind)' to end the pause."
        return pause.until == nil ? command : command + " It ends automatically at the time that it names."
    }

    /// An argument that a shell passes on unchanged.
    private static func argument(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return isPlain && !text.isEmpty
            ? text
            : "'"
                + text.split(separator: "'", omittingEmptySubsequences: false)
                .joined(separator: #"'\''"#) + "'"
    }
}
