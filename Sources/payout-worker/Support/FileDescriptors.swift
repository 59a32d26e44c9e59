import Foundation

/// The limit of this process's open file descriptors.
enum FileDescriptors {
    /// Enough for every worker; some systems allow a billion.
    private static let wanted: rlim_t = 65_536

    /// Raises the limit as far as the system allows, up to 65,536.
    ///
    /// - Returns: the limit after the call.
    @discardableResult
    static func raiseLimit() -> Int {
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1_024 }
        let target = min(wanted, limit.rlim_max)
        if limit.rlim_cur < target {
            var raised = limit
            raised.rlim_cur = target
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(min(limit.rlim_cur, wanted))
    }
}
