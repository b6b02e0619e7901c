internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

extension Cluster {
    /// Whether others than its owner and group cannot read a file of this host, or not get to it. Up to the first name with
    /// a pattern; what is not there is not private.
    func isPrivate(_ stored: FilePath) throws -> Bool {
        var place = FilePath("/")
        for part in stored.components {
            if part.string.contains(where: { "*?[".contains($0) }) { return false }
            place = place.joined(FilePath(part.string))
            guard let host = try? settings.host(place), let status = try host.targetStatus() else { return false }
            if status.permissions & (status.kind == .directory ? 0o001 : 0o004) == 0 { return true }
        }
        return false
    }
}
