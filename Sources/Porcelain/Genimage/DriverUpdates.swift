internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// Driver disks and packages of an osimage, checked before anything changes.
struct DriverUpdates {
    /// On the host.
    let files: [FilePath]

    /// - Throws: `CommandFailure` naming the first that is not there.
    init(_ image: Osimage, _ cluster: Cluster) throws {
        files = try image.driverUpdates(cluster).map { stored in
            let file = try cluster.settings.host(stored)
            guard file.isRegularFile || file.isDirectory else {
                throw CommandFailure([
                    Diagnostic(
                        "The driverupdatesrc specified '\(stored.printable)' does not exist!",
                        remedy: "create it, or correct driverupdatesrc of osimage '\(image.name)'")
                ])
            }
            return file
        }
    }
}

/// The attribute `netdrivers`: names, and words about driver updates.
struct NetDrivers {
    /// Drivers for the initramfs.
    let names: [String]
    /// `allupdate`: every driver of the driver updates.
    let updatesAll: Bool
    /// `updateonly`: of the driver updates only those that the installer has.
    let updatesOnly: Bool

    init(_ attribute: String?) {
        let words = (attribute ?? "").split { $0 == "," || $0.isWhitespace }.map(String.init)
        names = words.filter { !["allupdate", "updateonly"].contains($0) }
        updatesAll = words.contains("allupdate")
        updatesOnly = words.contains("updateonly")
    }
}

/// What driver-apply prints.
enum AppliedDriver {
    private struct Answer: Decodable {
        struct Record: Decodable {
            var kind: String
            var name: String?
        }
        var drivers: [Record]
    }

    /// Names of the drivers, sorted.
    static func names(_ printed: Tool.Captured) throws -> [String] {
        try JSONText.decode(Answer.self, printed.output).drivers.filter { $0.kind == "driver" }.compactMap(\.name)
    }
}
