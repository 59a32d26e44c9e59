/// The dashboard: one page, its style and its script, embedded from the files in `Resources`. The page loads nothing
/// from other hosts. Its addresses are relative, so that it works behind a proxy that adds a path.
enum Dashboard {
    static let page = text(PackageResources.dashboard_html)
    static let style = text(PackageResources.dashboard_css)
    /// One script of several files, because browsers then make one request. `live.js` starts the page and comes last.
    static let script = [
        PackageResources.base_js, PackageResources.charts_js, PackageResources.sections_js, PackageResources.oldest_js,
        PackageResources.commands_js, PackageResources.fleet_js, PackageResources.jobs_js, PackageResources.job_js,
        PackageResources.router_js,
        PackageResources.live_js,
    ].map(text).joined()

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
