internal import Archive
internal import Support

extension PackPlan {
    /// What the header of an entry says, but for what only the opened file tells: link target, attributes, holes.
    func member(_ index: Int, _ format: ArchiveFormat, epoch: Int64?) -> ArchiveMember {
        let entry = entries[index]
        let status = entry.status
        var member = ArchiveMember(path: entry.path, kind: status.kind, permissions: status.permissions)
        (member.owner, member.group) = (status.owner, status.group)
        member.modified = epoch.map { min($0, status.modified.seconds) } ?? status.modified.seconds
        if status.kind == .characterDevice || status.kind == .blockDevice {
            member.device = ArchiveMember.Device(ofNode: status)
        }
        if format == .newc {
            (member.inode, member.links) = (entry.inode, entry.links)
        } else if let first = entry.first {
            member.hardLink = entries[first].path
        }
        if entry.hasData(format) { member.size = UInt64(status.size) }
        return member
    }
}

extension PackPlan.Entry {
    /// Whether the file's data is stored under this name: newc has it with the last, tar with the first.
    func hasData(_ format: ArchiveFormat) -> Bool {
        status.kind == .regular && (format == .newc ? isLast : first == nil)
    }
}

extension ArchiveMember.Device {
    /// What the device node stands for.
    init(ofNode status: FileStatus) {
        // glibc's gnu_dev_major and gnu_dev_minor.
        let device = status.specialDevice
        self.init(
            major: UInt32(truncatingIfNeeded: (device >> 8) & 0xfff | (device >> 32) & 0xffff_f000),
            minor: UInt32(truncatingIfNeeded: device & 0xff | (device >> 12) & 0xffff_ff00))
    }
}
