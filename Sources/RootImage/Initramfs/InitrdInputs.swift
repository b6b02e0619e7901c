internal import Digests
internal import Support
internal import SystemPackage

/// All that an initramfs is made of, as one digest: when it is the same, dracut would make the same again.
enum InitrdInputs {
    /// - Parameters:
    ///   - tree: the root image. Its files are not read: a file whose time of change is the same has not changed. Of
    ///     directories only the names in them count, for a build comes and goes in some.
    ///   - stage: what dracut finds besides; read whole.
    static func digest(_ plan: InitrdPlan, tree: FilePath, stage: FilePath, epoch: Word?) throws -> Digest {
        var stream = DigestStream()
        func add(_ fields: [String]) { stream.update(Array(fields.joined(separator: "\t").utf8) + [0]) }
        add([
            plan.kernel.version, plan.architecture, plan.network.rawValue, plan.compression.rawValue,
            plan.drivers.joined(separator: " "), plan.tools.joined(separator: " "), epoch.map { "\($0)" } ?? "",
        ])
        try TreeWalk(stage).run { entry in
            stream.update(entry.path.bytes + [0])
            if entry.status.kind == .regular {
                let content = try Digest.ofFile(stage.joined(entry.path))
                add(["\(content)", "\(entry.status.permissions)"])
            }
            return .enter
        }
        try TreeWalk(tree).run { entry in
            let status = entry.status
            stream.update(entry.path.bytes + [0])
            let numbers: [any BinaryInteger] = [status.typeBits | status.permissions, status.owner, status.group]
            let times: [any BinaryInteger] = [
                status.inode, status.size, status.changed.seconds, status.changed.nanoseconds,
            ]
            add((status.kind == .directory ? numbers : numbers + times).map { "\($0)" })
            return .enter
        }
        return stream.finish()
    }
}
