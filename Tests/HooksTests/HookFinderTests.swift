import Hooks
import Settings
import Support
import SystemPackage
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite(.scratchDirectory) struct HookFinderTests {
    @Test func `a file where a folder of hooks should be is an empty place, with a note`() throws {
        let site = HookSite()
        try site.hook("osimage/img1")
        try site.hook("pre-genimage.d")
        try site.hook("post-genimage.d/10-site")
        #expect(try site.listed("pre-genimage", image: "img2") == ["site pre-genimage.d - not a folder"])
        #expect(
            try site.listed("post-genimage", image: "img1") == ["site 10-site", "image img1 - not a folder"])
        #expect(try site.listed("post-genimage", image: "img2") == ["site 10-site"])
    }

    @Test func `hooks of all places form one list in the order of their names`() throws {
        var site = HookSite()
        try site.shipped("post-packimage.d/20-shipped")
        try site.hook("post-packimage.d/10-site")
        try site.hook("post-packimage.d/60-late")
        try site.hook("post-packimage")
        try site.hook("osimage/img1/post-packimage.d/15-image")
        try site.hook("osimage/other/post-packimage.d/15-other")
        try site.hook("pre-packimage.d/10-else")
        try site.configure(
            """
            [hook "notify"]
                event = post-genimage
                event = post-packimage
                command = true
            [hook "05-first"]
                event = post-packimage
                command = /bin/true
                command = two words
            """)
        #expect(
            try site.listed("post-packimage", image: "img1") == [
                "configured 05-first", "site 10-site", "image 15-image", "shipped 20-shipped", "configured notify",
                "site post-packimage", "site 60-late",
            ])
        #expect(try site.listed("post-packimage") == site.listed("post-packimage", image: "none"))
        let configured = try site.finder.hooks(of: HookEvent(named: "post-packimage"), image: nil)[0]
        #expect(configured.action == .program("/bin/true", ["two words"]))
    }

    @Test func `equal names run shipped, site, image, configured`() throws {
        var site = HookSite()
        try site.hook("osimage/i/pre-genimage.d/50-same")
        try site.hook("pre-genimage.d/50-same")
        try site.shipped("pre-genimage.d/50-same")
        try site.configure("[hook \"50-same\"]\nevent = pre-genimage\ncommand = true\n")
        #expect(
            try site.listed("pre-genimage", image: "i") == [
                "shipped 50-same", "site 50-same", "image 50-same", "configured 50-same",
            ])
    }

    @Test func `a link to the null device masks its name in more general places only`() throws {
        let site = HookSite()
        try site.shipped("pre-genimage.d/10-a")
        try site.shipped("pre-genimage.d/20-b")
        try site.hook("pre-genimage.d/20-b")
        try site.mask("osimage/i/pre-genimage.d/20-b")
        try site.mask("pre-genimage.d/10-a")
        try site.hook("osimage/i/pre-genimage.d/10-a")
        #expect(
            try site.listed("pre-genimage", image: "i") == [
                "shipped 10-a - masked by /install/custom/hooks/pre-genimage.d/10-a", "image 10-a",
                "shipped 20-b - masked by /install/custom/hooks/osimage/i/pre-genimage.d/20-b",
                "site 20-b - masked by /install/custom/hooks/osimage/i/pre-genimage.d/20-b",
            ])
        #expect(
            try site.listed("pre-genimage", image: "j") == [
                "shipped 10-a - masked by /install/custom/hooks/pre-genimage.d/10-a", "shipped 20-b", "site 20-b",
            ])
    }

    @Test func `what does not run is listed with its reason`() throws {
        var site = HookSite()
        try site.hook("pre-genimage.d/10-plain", permissions: 0o644)
        try site.hook("pre-genimage.d/20-off")
        try site.hook("pre-genimage.d/.hidden")
        try site.hook("pre-genimage.d/30-old~")
        try site.hook("pre-genimage.d/40-example.sample")
        // What an import kept of other hooks must not run beside them.
        for name in ["10-plain.ORIG", "20-off.ORIG.1", "45-x.edited-2"] { try site.hook("pre-genimage.d/\(name)") }
        try Scratch.directory.joined("install/custom/hooks/pre-genimage.d/50-folder").createDirectories()
        try site.configure(
            """
            [hook "20-off"]
                enabled = false
            [hook "30-never"]
                event = pre-genimage
                command = /of/a/package/that/is/gone
                timeout = soon
                enabled = no
            """)
        #expect(
            try site.listed("pre-genimage") == [
                "site 10-plain - not executable", "site 20-off - disabled in /etc/catboat/config:2",
                "configured 30-never - disabled in /etc/catboat/config:7", "site 50-folder - not a file",
            ])
    }

    @Test func `names with spaces and bytes that are not UTF-8 are hooks too`() throws {
        let site = HookSite()
        try site.hook("pre-genimage.d/10 with blank")
        let folder = Scratch.directory.joined("install/custom/hooks/pre-genimage.d")
        let name = FilePath(bytes: [0x32, 0x30, 0x2d, 0xff])
        try AtomicFile.write("#!/bin/sh\necho odd".utf8, to: folder.joined(name), permissions: 0o755)
        let hooks = try site.finder.hooks(of: HookEvent(named: "pre-genimage"), image: nil)
        #expect(hooks.map(\.name) == ["10 with blank", name])
        #expect(try site.run("pre-genimage").results.count == 2)
        let printed = try Scratch.directory.joined("printed").readBytes()
        #expect(printed == name.bytes + Array(": odd\n".utf8))
    }

    @Test(.enabled(if: geteuid() == 0)) func `a file or folder that others could change is refused by name`() throws {
        let site = HookSite()
        let hook = try site.hook("pre-genimage.d/10-a")
        func refused(_ path: FilePath, _ distrust: HookError.Distrust) {
            #expect(throws: HookError.untrusted(path, distrust)) { try site.listed("pre-genimage") }
        }
        try hook.changePermissions(0o775)
        refused(hook, .writableByOthers(0o775))
        try hook.changePermissions(0o755)
        chown(hook.printable, 65534, 65534)
        refused(hook, .owner(65534))
        chown(hook.printable, 0, 0)
        let folder = hook.removingLastComponent()
        try folder.changePermissions(0o1777)
        refused(folder, .writableByOthers(0o1777))
        try folder.changePermissions(0o755)
        let custom = Scratch.directory.joined("install/custom")
        try custom.changePermissions(0o777)
        refused(custom, .writableByOthers(0o777))
        try custom.changePermissions(0o755)
        #expect(try site.listed("pre-genimage") == ["site 10-a"])
        let elsewhere = try Scratch.write("#!/bin/sh\n", to: "elsewhere/script", permissions: 0o777)
        try folder.joined("20-link").createSymbolicLink(to: "/elsewhere/script")
        refused(elsewhere, .writableByOthers(0o777))
    }

    @Test(.enabled(if: geteuid() == 0)) func `a configuration file that others could write starts nothing`() throws {
        var site = HookSite()
        try site.configure("[hook \"a\"]\nevent = pre-genimage\ncommand = true\n")
        let config = Scratch.directory.joined("etc/catboat/config")
        try config.changePermissions(0o666)
        #expect(throws: HookError.untrusted(config, .writableByOthers(0o666))) { try site.listed("pre-genimage") }
        // Nor does it turn off what a trusted file starts.
        try site.hook("pre-packimage.d/10-veto")
        try site.configure("[hook \"10-veto\"]\nenabled = false\n")
        try config.changePermissions(0o666)
        #expect(throws: HookError.untrusted(config, .writableByOthers(0o666))) { try site.listed("pre-packimage") }
    }

    @Test func `bad settings and names are refused with their place`() throws {
        var site = HookSite()
        func refused(_ text: String, _ expected: String) throws {
            try site.configure(text)
            let error = #expect(throws: HookError.self) { try site.listed("pre-genimage", image: "i") }
            #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        }
        try refused("[hook \"a\"]\nevent = pre-genimag\ncommand = true", "'hook.a.event=pre-genimag': name an event")
        try refused("[hook \"a\"]\nevent = pre-genimage", "'hook.a.command=': set command or postscript in")
        try refused("[hook \"a\"]\nevent = pre-genimage\ncommand = tr ue", "program of hook a not found: 'tr ue'")
        try refused("[hook \"a\"]\nevent = pre-genimage\ncommand = true\ntimeout = soon", "timeout=soon")
        try refused("[hook \"a\"]\nevent = pre-genimage\npostscript = ../x", "postscript=../x")
        site.configuration = Configuration()
        for name in ["", "../x", "a/b", ".x"] {
            #expect(throws: HookError.badImageName(name)) { try site.listed("pre-genimage", image: name) }
        }
        #expect(throws: HookError.unknownEvent("pre-lunch")) { try HookEvent(named: "pre-lunch") }
    }
}
