@testable import Bundles
import Support
import SystemPackage
import TestSupport
import Testing

/// What `catboat doctor` says about an import that was cut short.
@Suite(.scratchDirectory) struct UnfinishedImportTests {
    private let catboat = Catboat(root: Scratch.directory)

    private func findings() throws -> [Substring] {
        try catboat("doctor", "--quiet").stdout.split(separator: "\n").drop { !$0.contains(": imports: ") }.prefix(2)
            .map { $0 }
    }

    @Test func `doctor names it with the remedy, and the remedy helps`() throws {
        try #require(try catboat("init").status == 0)
        #expect(try catboat("doctor").stdout.contains("ok: imports: none was cut short\n"))
        let stage = Scratch.directory.joined("install/.catboat/import/one")
        let journals = Scratch.directory.joined("install/.catboat/journal")
        for folder in [stage, journals, Scratch.directory.joined("install/custom")] { try folder.createDirectories() }
        let source = try Scratch.write("new", to: "install/.catboat/import/one/list")
        var plan = InstallPlan(id: "one", images: ["img", "other"], stage: stage)
        plan.placements = [.init(source: source, target: Scratch.directory.joined("install/custom/list"), sha256: "")]
        _ = try InstallJournal.begin(plan, in: journals)
        let found = try findings()
        try #require(found.count == 2, "\(found)")
        #expect(found[0] == "warning: imports: an import of img, other was cut short")
        #expect(found[1].contains("bundle-install --recover \(journals.joined("one").printable)"))
        let recovered = try catboat("bundle-install", "--recover", Word(journals.joined("one")))
        #expect(recovered.status == 0, "\(recovered.stderr)")
        #expect(try findings() == [])
        try Scratch.write("{", to: "install/.catboat/journal/two/plan.json")
        #expect(try findings().first?.hasPrefix("error: imports: the journal of an import cannot be read: ") == true)
    }
}
