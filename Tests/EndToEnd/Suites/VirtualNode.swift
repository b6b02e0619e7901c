import Support
import SystemPackage
import TestSupport

#if canImport(Glibc)
    import Glibc
#endif

/// A machine without a disk that boots over the network: QEMU, whose firmware (iPXE) gets the node's boot file from `server`.
///
/// It is switched off when the value is gone. Emulated, never with KVM, unless `CATBOAT_TEST_ACCEL` says otherwise.
final class VirtualNode {
    /// Whether this machine has the programs.
    static var isPossible: Bool {
        Tool.isInstalled("qemu-system-x86_64") && FilePath("/usr/sbin/nginx").isRegularFile
    }

    let name: String
    private let process: RunningTool
    private let log: FilePath

    /// - Parameters:
    ///   - folder: for the console's log; must exist.
    ///   - dhcpName: the host name that DHCP gives.
    init(
        _ name: String, server: WebServer, folder: FilePath, address: String = "52:54:00:00:00:01",
        dhcpName: String = "from-dhcp", memoryInMiB: Int = 3072
    ) throws {
        self.name = name
        log = folder.joined("\(name).console")
        try log.removeFile()
        let script = "http://10.0.2.2:\(server.port)/tftpboot/xcat/xnba/nodes/\(name)"
        // Options that take a value are kept beside it.
        let words: [[String]] = [
            ["-accel", Environment.current.text("CATBOAT_TEST_ACCEL") ?? "tcg,thread=multi"],
            // An emulator copies byte by byte with the instructions that are left out: a fifth less time to the root image.
            ["-cpu", "max,-erms,-fsrm"], ["-smp", "2"], ["-m", "\(memoryInMiB)"],
            ["-display", "none"], ["-monitor", "none"], ["-no-reboot"],
            ["-serial", "file:\(log)"],
            // The TFTP folder must be given for a bootfile to be offered; nothing is in it.
            ["-netdev", "user,id=n0,hostname=\(dhcpName),tftp=\(folder),bootfile=\(script)"],
            ["-device", "virtio-net-pci,netdev=n0,mac=\(address)"],
        ]
        process = try Tool("qemu-system-x86_64", words.flatMap { $0 }.map { Word($0) }).start(errors: .inherited)
        // Other tests can wait a little; a node that gets no processor misses the time limits of its own services.
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(process.pid), -3)
    }

    deinit {
        process.signal(SIGKILL)
        _ = try? process.wait()
    }

    /// What the console showed so far.
    var console: String { (try? log.readText(limit: 64 << 20)) ?? "" }

    /// Lines of the console that hold `text`.
    func lines(with text: String) -> [String] {
        console.split(whereSeparator: \.isNewline).map(String.init).filter { $0.contains(text) }
    }

    enum Problem: Error, CustomStringConvertible {
        case silent(String, console: String)
        case ended(Tool.Ending, console: String)

        var description: String {
            switch self {
            case .silent(let text, let console): "the console did not say '\(text)' in time; its end:\n\(console)"
            case .ended(let ending, let console): "the node \(ToolError.told(ending)); its console's end:\n\(console)"
            }
        }
    }

    /// Waits until the console has shown `text`.
    func wait(for text: String, within limit: Duration) throws {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while true {
            if console.contains(text) { return }
            if let ending = try process.poll() { throw Problem.ended(ending, console: tail) }
            guard clock.now < end else { throw Problem.silent(text, console: tail) }
            usleep(500_000)
        }
    }

    private var tail: String { console.split(whereSeparator: \.isNewline).suffix(60).joined(separator: "\n") }
}
