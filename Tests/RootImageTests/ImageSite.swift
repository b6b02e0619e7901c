import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A rootimgdir and the tiny medium, in the scratch directory.
struct ImageSite {
    let medium: FilePath
    let folder: FilePath
    var tree: FilePath { folder.joined("rootimg") }
    var catboat = Catboat()
    /// Words that every call gets.
    var source: [Word]

    /// - Parameter words: for mk-tiny-media.
    init(_ words: Word..., folder: FilePath = "image") throws {
        medium = Scratch.directory.joined("medium")
        self.folder = Scratch.directory.joined(folder)
        let script = Catboat.projectFolder.joined("Tests/media/mk-tiny-media")
        _ = try Tool(script, [Word(medium)] + words).output()
        // What media-copy leaves when it is done.
        try AtomicFile.write("{}".utf8, to: medium.joined(".catboat-media.json"))
        source = ["--osver", "debian12", "--arch", "x86_64", "--pkgdir", Word(medium)]
    }

    /// The same with packages of the RPM families.
    ///
    /// - Parameter words: for mk-tiny-rpm-media.
    init(_ layout: RpmLayout, _ words: Word..., medium: FilePath = "medium", folder: FilePath = "image") throws {
        self.medium = Scratch.directory.joined(medium)
        self.folder = Scratch.directory.joined(folder)
        let script = Catboat.projectFolder.joined("Tests/media/mk-tiny-rpm-media")
        _ = try Tool(script, [Word(self.medium), "--layout", Word(layout.rawValue)] + words).output()
        source = ["--osver", Word(layout.osver), "--arch", "x86_64", "--pkgdir", Word(self.medium)]
    }

    /// Runs rootimg-populate with the lists; `others` is an otherpkglist.
    @discardableResult
    func populate(_ list: String, _ words: Word..., others: String = "") throws -> Catboat.Result {
        try catboat.run("rootimg-populate", source + words + [Word(folder)], input: expand(list, others))
    }

    /// The records of pkglist-expand.
    func expand(_ list: String, _ others: String = "") throws -> [UInt8] {
        var words: [Word] = []
        if !others.isEmpty { words += ["--other", Word(try Scratch.write(others, to: "other.pkglist"))] }
        let result = try Catboat().run("pkglist-expand", words + [Word(try Scratch.write(list, to: "top.pkglist"))])
        #expect(result.status == 0)
        return Array(result.stdout.utf8)
    }

    /// Does what genimage does after rootimg-populate, without an initramfs.
    func finish() throws {
        for stage in ["populate", "complete"] as [Word] {
            let result = try catboat("rootimg-finish", "--stage", stage, Word(folder))
            #expect(result == Catboat.Result(status: 0, stdout: "", stderr: ""))
        }
    }

    /// Text of a file of the image; nil when there is none.
    func text(_ path: String) throws -> String? {
        let file = tree.joined(path)
        return file.exists ? try file.readText() : nil
    }

    /// Names of the packages in the image.
    func packages() throws -> [String] {
        try catboat("package-list", Word(tree)).stdout.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    }

    /// The packages of the tiny medium that are in every tree.
    static let base = ["base-files", "base-passwd", "busybox", "coreutils", "dpkg", "libc6", "tar"]

    /// What `rootimg-list` says, without times.
    func listing(_ path: FilePath) throws -> String { try catboat("rootimg-list", Word(path)).stdout }

    /// Asserts that nothing of a run is left but its results.
    func expectNoLeftovers(_ location: SourceLocation = #_sourceLocation) throws {
        let names = try folder.directoryNames().map(\.printable).filter { $0.contains(".tmp-") }
        #expect(names == [], sourceLocation: location)
        let mounts = try FilePath("/proc/self/mountinfo").readText().split(separator: "\n").filter {
            $0.contains(folder.printable)
        }
        #expect(mounts == [], sourceLocation: location)
        #expect(!tree.joined("usr/sbin/policy-rc.d").exists, sourceLocation: location)
    }
}

/// The two ways in which RPM media are laid out, each with its package manager.
enum RpmLayout: String, CaseIterable, Sendable {
    case el, sles

    var osver: String { self == .el ? "rhels8.5.0" : "sle15.3" }

}
