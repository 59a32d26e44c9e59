import ChildProcesses
import Foundation
import Testing

/// `.ci/setup` with an `apt-get` that knows packages only after a refresh of its lists.
@Suite("Setting a machine up")
struct SetupTests {
    private struct Run {
        var status: Int32
        /// The calls of apt-get.
        var calls: [String]
        /// The last argument of each.
        var packages: [String]
    }

    /// - Parameters:
    ///   - arguments: of `.ci/setup`.
    ///   - installs: whether packages can be installed after a refresh.
    ///   - areListed: whether apt lists them before, in versions that are gone.
    private func setup(_ arguments: [String], installs: Bool, areListed: Bool = false) throws -> Run {
        let folder = FileManager.default.temporaryDirectory.appending(path: "setup-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let apt = """
            #!/bin/sh
            echo "$1" >>'\(folder.path)/calls'
            for last; do :; done
            echo "$last" >>'\(folder.path)/packages'
            case $1 in
            update) touch '\(folder.path)/lists' ;;
            install) [ -e '\(folder.path)/lists' ] && \(installs) ;;
            esac
            """
        let cache = "#!/bin/sh\n\(areListed) || [ -e '\(folder.path)/lists' ]"
        let programs = [
            "apt-get": apt, "apt-cache": cache, "pkg-config": "#!/bin/sh\nexit 1", "sudo": "#!/bin/sh\nexec \"$@\"",
        ]
        for (name, text) in programs {
            let path = folder.appending(path: name).path
            try Data(text.utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        let process = try FinishedProcess(
            Repository().root.appending(path: ".ci/setup").path,
            arguments,
            environment: ["PATH": "\(folder.path):/usr/bin:/bin"]
        )
        func lines(of file: String) throws -> [String] {
            let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
            return text.split(separator: "\n").map(String.init)
        }
        return Run(status: process.status, calls: try lines(of: "calls"), packages: try lines(of: "packages"))
    }

    @Test func librariesAreInstalledAfterARefreshWhereAptHasNoLists() throws {
        let run = try setup([], installs: true)
        #expect(run.status == 0)
        #expect(run.calls == ["update", "install"])
    }

    @Test func librariesAreInstalledAfterARefreshWhereListsAreOld() throws {
        let run = try setup([], installs: true, areListed: true)
        #expect(run.status == 0)
        #expect(run.calls == ["install", "update", "install"])
    }

    @Test func librariesThatCannotBeInstalledFailAfterOneRefresh() throws {
        let run = try setup([], installs: false)
        #expect(run.status == 1)
        #expect(run.calls == ["update", "install"])
    }

    @Test func optionalToolsShareOneRefreshAndNeverFail() throws {
        let run = try setup(["--optional", "no-such-tool-1", "no-such-tool-2"], installs: false)
        #expect(run.status == 0)
        #expect(run.calls == ["update", "install", "install"])
    }

    @Test func anOptionalToolMayHaveAPackageOfAnotherName() throws {
        let run = try setup(["--optional", "no-such-tool:its-package"], installs: true)
        #expect(run.packages == ["-q", "its-package"])
    }
}
