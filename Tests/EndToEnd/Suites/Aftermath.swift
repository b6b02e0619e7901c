import Support
import SystemPackage
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// What a killed command must not leave behind on the machine.
enum Aftermath {
    /// Processes that have to do with `folder`: it stands in their command line, root, working directory or program.
    static func processes(of folder: FilePath) -> [String] {
        let names = (try? FilePath("/proc").directoryNames()) ?? []
        return names.compactMap { name in
            guard let pid = Int32(name.printable), pid != getpid() else { return nil }
            let process = FilePath("/proc").joined(name)
            let line = (try? process.joined("cmdline").readText()) ?? ""
            let links = ["root", "cwd", "exe"].compactMap { link in
                try? FileDescriptor.open(process, .readOnly, options: .directory).closeAfter {
                    try $0.linkTarget(at: FilePath(link))
                }
            }
            let isOurs =
                line.contains(folder.printable)
                || links.contains { String(decoding: $0, as: UTF8.self).hasPrefix(folder.printable) }
            return isOurs ? "\(pid) \(line.replacing("\0", with: " "))" : nil
        }
    }

    /// Mounts at or below `folder` in this process's namespace.
    static func mounts(below folder: FilePath) throws -> [String] {
        try FilePath("/proc/self/mountinfo").readText().split(separator: "\n").map(String.init)
            .filter { line in
                let fields = line.split(separator: " ")
                return fields.count > 4 && fields[4].hasPrefix(folder.printable)
            }
    }

    /// Waits until nothing of the command runs any more; what is left then is the finding.
    static func settle(_ folder: FilePath, within limit: Duration = .seconds(20)) -> [String] {
        let start = ContinuousClock.now
        while true {
            let left = processes(of: folder)
            if left.isEmpty || ContinuousClock.now - start > limit { return left }
            usleep(50_000)
        }
    }
}

extension FileDescriptor {
    fileprivate func closeAfter<Value>(_ body: (FileDescriptor) throws -> Value) throws -> Value {
        defer { try? close() }
        return try body(self)
    }
}
