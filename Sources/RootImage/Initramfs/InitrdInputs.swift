internal import Digests
internal import Support
internal import SystemPackage

/// All that an initramfs is made of, as one digest: when it is the same, dracut would make the same again.
enum InitrdInputs {
    /// Bytes.
    private static let readsUpTo: Int64 = 4096

    /// - Parameters:
    ///   - tree: the root image. Of its files only small ones are read: one whose time of change is the same has not
    ///     changed. Of directories only the names in them count, for a build comes and goes in some.
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
            var fields = ["\(status.typeBits | status.permissions)", "\(status.owner)", "\(status.group)"]
            switch status.kind {
            case .directory: break
            case .symbolicLink: stream.update(try entry.parent.linkTarget(at: entry.name) + [0])
            // Each genimage writes some small files again, with what they hold already.
            case .regular where status.size <= readsUpTo:
                let file = try entry.parent.open(at: entry.name)
                defer { try? file.close() }
                fields.append("\(try Digest.ofFile(file, entry.path))")
            default:
                fields += ["\(status.inode)", "\(status.size)", "\(status.changed)", "\(status.specialDevice)"]
            }
            add(fields)
            return .enter
        }
        return stream.finish()
    }
}
