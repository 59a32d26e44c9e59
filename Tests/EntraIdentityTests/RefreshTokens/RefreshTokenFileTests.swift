import Foundation
import HTTPStandIns
import Primitives
import Testing

@testable import EntraIdentity

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where a refresh token's file can be saved, and which owner and permissions it gets.
@Suite struct RefreshTokenFileTests {
    static let now = Date(timeIntervalSince1970: 1_800_000_000)

    static let isAdministrator = geteuid() == 0

    private static func refusal(_ path: String) async throws -> RefreshTokenNotSaved {
        try await failure(of: RefreshTokenNotSaved.self) { try await RefreshTokenFile(path: path).check() }
    }

    @Test func checkLeavesNoFile() async throws {
        try await withTemporaryFolder { folder in
            let file = RefreshTokenFile(path: folder + "/saved")
            try await file.check()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            #expect(try await Self.refusal(folder + "/absent/saved").description.contains("Create the folder"))
            // A saved token is about 2 KiB long.
            #expect(RefreshTokenFile.checkedSize >= 8 * 1024)
        }
    }

    @Test func pathThatCannotBeReplacedIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let (taken, pipe) = (folder + "/taken", folder + "/pipe")
            try FileManager.default.createDirectory(atPath: taken, withIntermediateDirectories: true)
            #expect(mkfifo(pipe, 0o600) == 0)
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "pipe")
            #expect(try await Self.refusal(taken).description.contains("it is a folder. Name a file in it."))
            #expect(try await Self.refusal(pipe).description.contains("it is not a regular file"))
            #expect(try await Self.refusal(folder + "/link").step == "type")
            // Saving refuses it too: a rename would remove the device.
            await #expect(throws: RefreshTokenNotSaved.self) {
                try await RefreshTokenFile(path: pipe).save(alone: Secret("t"))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["link", "pipe", "taken"])
            var status = stat()
            #expect(lstat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
        }
    }

    @Test func linkToAMissingFileStays() async throws {
        try await withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/volume", withIntermediateDirectories: true)
            let link = folder + "/link"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "volume/token")
            try await RefreshTokenFile(path: link).save(alone: Secret("t"))
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "volume/token")
            #expect(try String(contentsOfFile: folder + "/volume/token", encoding: .utf8) == "t")
        }
    }

    @Test func mountPointsAreReadFromTheTable() {
        let table = """
            22 27 0:21 / /proc rw,relatime - proc proc rw
            31 27 8:1 /srv/token /run/secrets/a\\040b rw - ext4 /dev/sda1 rw
            damaged
            """
        #expect(PrivateFile.mountPoints(in: table) == ["/proc", "/run/secrets/a b"])
        let busy = RefreshTokenNotSaved(path: "/token", step: "rename", errno: EBUSY)
        #expect(busy.description.contains("mount its folder instead"))
    }

    @Test(.enabled(if: isAdministrator, "only root gives files to other users"))
    func fileSavedByAnAdministratorBelongsToTheWorkersUser() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/saved"
            func owner() -> [UInt32] {
                var status = stat()
                return lstat(path, &status) == 0 ? [UInt32(status.st_uid), UInt32(status.st_gid)] : []
            }
            #expect(chown(folder, 4711, 4712) == 0)
            let file = RefreshTokenFile(path: path)
            try await file.save(Secret("t"), inPlaceOf: nil, signedIn: Self.now)
            #expect(owner() == [4711, 4712])
            #expect(chown(path, 4713, 4714) == 0)
            try await file.save(Secret("t"), inPlaceOf: nil, signedIn: Self.now)
            #expect(owner() == [4713, 4714])
            // A file that an administrator owns does not decide: the folder's owner does.
            #expect(chown(path, 0, 0) == 0)
            try await file.save(Secret("t"), inPlaceOf: nil, signedIn: Self.now)
            #expect(owner() == [4711, 4712])
            #expect(try RefreshTokenTests.permissions(path) == 0o600)
        }
    }

    @Test(.enabled(if: !isAdministrator, "root reads every file"))
    func unreadableFileIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let path = folder + "/saved"
            try "t".write(toFile: path, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o000], ofItemAtPath: path)
            #expect(try await Self.refusal(path).description.contains("the file exists and cannot be read"))
        }
    }

    @Test func rotationKeepsTheMarkOfTheSignIn() async throws {
        let signedIn = SavedRefreshToken(token: "a", basis: "b", issued: Self.now, signedIn: Self.now)
        let mark = RefreshTokenFile.signInMark(of: signedIn.text)
        #expect(!mark.isEmpty)
        var rotated = signedIn
        rotated.token = "c"
        rotated.issued = Self.now.addingTimeInterval(3600)
        #expect(RefreshTokenFile.signInMark(of: rotated.text) == mark)
        rotated.signedIn = rotated.issued
        #expect(RefreshTokenFile.signInMark(of: rotated.text) != mark)
        // A token without metadata was written by a person; a token issued for the configured one was not.
        #expect(RefreshTokenFile.signInMark(of: "x") != RefreshTokenFile.signInMark(of: "y"))
        #expect(RefreshTokenFile.signInMark(of: "x\n") == RefreshTokenFile.signInMark(of: "x"))
        #expect(RefreshTokenFile.signInMark(of: SavedRefreshToken(token: "a", basis: "b", issued: Self.now).text) == "")
        #expect(RefreshTokenFile.signInMark(of: "{") == "" && RefreshTokenFile.signInMark(of: "") == "")
    }
}
