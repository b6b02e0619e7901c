import Support
import SystemPackage
import TestSupport
import Testing

@testable import RootImage

@Suite(.scratchDirectory) struct ForeignArchitectureTests {
    @Test func `another architecture needs an emulator that the kernel keeps open`() throws {
        let formats = Scratch.directory.joined("binfmt")
        func check(_ arch: String) throws(PackageError) {
            try ForeignArchitecture(arch, machine: "x86_64", formats: formats).check()
        }
        try check("x86_64")
        try check("x86")
        try check("amd64")
        let refusal = PackageError.foreignArchitecture("aarch64", machine: "x86_64")
        #expect(throws: refusal) { try check("aarch64") }
        try Scratch.write("enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OC\n", to: "binfmt/qemu-aarch64")
        #expect(throws: refusal) { try check("aarch64") }
        try Scratch.write("enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: OCF\n", to: "binfmt/qemu-aarch64")
        try check("aarch64")
        try check("arm64")
        try Scratch.write("disabled\nflags: OCF\n", to: "binfmt/qemu-ppc64le")
        #expect(throws: PackageError.foreignArchitecture("ppc64le", machine: "x86_64")) { try check("ppc64el") }
    }
}
