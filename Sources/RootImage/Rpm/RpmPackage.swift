internal import Support
internal import SystemPackage
internal import Versions

/// A package of an RPM database or repository.
struct RpmPackage: Hashable, Sendable {
    var name: String
    /// `[EPOCH:]VERSION-RELEASE`
    var version: String
    var architecture: String

    /// As dnf and rpm take it: `NAME-[EPOCH:]VERSION-RELEASE.ARCH`.
    var label: String { "\(name)-\(version).\(architecture)" }

    /// For `rpm --erase`, which takes no epoch.
    var labelWithoutEpoch: String {
        let plain = version.firstIndex(of: ":").map { version[version.index(after: $0)...] } ?? version[...]
        return "\(name)-\(plain).\(architecture)"
    }
}

extension Sequence<RpmPackage> {
    /// Versions by name; `name:arch` for packages of another architecture. A package that is there several times, as kernels can be,
    /// has its versions in order, with commas between.
    func versions(native architecture: String) -> [String: String] {
        var all: [String: [String]] = [:]
        for package in self {
            let isNative = [architecture, "noarch"].contains(package.architecture)
            all[isNative ? package.name : "\(package.name):\(package.architecture)", default: []].append(
                package.version)
        }
        return all.mapValues { $0.sorted(by: VersionOrder.precedes).joined(separator: ",") }
    }
}
