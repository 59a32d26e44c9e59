import Primitives

/// A request to change something.
enum ActionRequest {
    case cancel(String)
    case retry(String)
    case pause
    case resume

    /// `nil` for a path that changes nothing.
    init?(_ path: String) {
        if path == "/api/pause" {
            self = .pause
        } else if path == "/api/resume" {
            self = .resume
        } else {
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 5, path.hasPrefix("/api/jobs/") else { return nil }
            let id = PercentEncoding.decoded(parts[3]) ?? ""
            switch parts[4] {
            case "cancel": self = .cancel(id)
            case "retry": self = .retry(id)
            default: return nil
            }
        }
    }

    var jobID: String? {
        switch self {
        case .cancel(let id), .retry(let id): id
        case .pause, .resume: nil
        }
    }

    var name: String {
        switch self {
        case .cancel: "cancel"
        case .retry: "retry"
        case .pause: "pause"
        case .resume: "resume"
        }
    }
}
