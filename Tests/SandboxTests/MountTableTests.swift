@testable import Sandbox
import Support
import SystemPackage
import TestSupport
import Testing

@Suite struct MountTableTests {
    @Test func `mount points in a folder are found by whole names`() {
        let table = """
            22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
            30 22 0:20 / /install/rootimg/proc rw - proc proc rw
            31 22 8:1 /home /install/rootimg rw - ext4 /dev/sda1 rw
            32 22 8:1 /x /install/rootimg-old rw - ext4 /dev/sda1 rw
            33 22 8:1 /x /install/rootimg/a\\040b\\134c rw - ext4 /dev/sda1 rw
            34 22
            """
        let points = MountTable.points(in: "/install/rootimg", table: Array(table.utf8))
        #expect(points == ["/install/rootimg", "/install/rootimg/a b\\c", "/install/rootimg/proc"])
        #expect(MountTable.points(in: "/install/other", table: Array(table.utf8)) == [])
    }

    @Test func `proc is mounted here`() throws { #expect(try MountTable.points(in: "/proc").contains("/proc")) }
}
