internal import CommandShell
internal import Definitions
internal import Settings
internal import Support

/// Revisions for completion: osimages, each with the one before its last, and tags; also after `..`.
enum RevisionNames {
    static func starting(with prefix: String) -> [String] {
        let parts = prefix.firstRange(of: "..")
        let head = parts.map { String(prefix[..<$0.upperBound]) } ?? ""
        let images = OsimageNames.starting(with: "")
        return (images.flatMap { [$0, "\($0)@{1}"] } + tags()).map { head + $0 }.filter { $0.hasPrefix(prefix) }
    }

    static func tags() -> [String] {
        guard let cluster = try? Cluster.open(), let folder = try? cluster.installFolder.joined("custom/.git"),
            (try? cluster.settings.host(folder))?.exists == true
        else { return [] }
        return ((try? HistoryAnswers.tags()) ?? []).map(\.name)
    }
}
