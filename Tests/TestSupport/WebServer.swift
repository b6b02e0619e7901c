internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A real web server on loopback that shows a site's `/install` and `/tftpboot`, configured as on a management node: with the
/// file of `share/web` that is made for it.
///
/// It stops when the value is gone. Virtual nodes reach it as 10.0.2.2.
public final class WebServer {
    public enum Software: String, Sendable, CaseIterable {
        case nginx, apache

        var program: FilePath { self == .nginx ? "/usr/sbin/nginx" : "/usr/sbin/apache2" }
        public var isInstalled: Bool { program.isRegularFile }
    }

    public let port: UInt16
    private let process: RunningTool
    private let folder: FilePath

    /// - Parameters:
    ///   - root: what stands for `/` of the site.
    ///   - folder: for the server's own files; must exist.
    public init(_ software: Software = .nginx, root: FilePath, folder: FilePath) throws {
        self.folder = folder
        var started: (UInt16, RunningTool)?
        // Between our look and the server's bind another process may take the port: then the next one.
        for _ in 0..<5 where started == nil {
            let port = try Self.freePort()
            let process = try Self.start(software, root, folder, port)
            if try Self.answers(port, process) { started = (port, process) }
        }
        guard let (port, process) = started else { throw Problem.didNotStart(Self.log(folder)) }
        (self.port, self.process) = (port, process)
    }

    deinit {
        process.signal(SIGTERM)
        _ = try? process.wait()
    }

    public enum Problem: Error, CustomStringConvertible {
        case didNotStart(String)
        case noPort(Errno)

        public var description: String {
            switch self {
            case .didNotStart(let log): "the web server did not start: \(log)"
            case .noPort(let errno): "no free port: \(errno)"
            }
        }
    }

    /// What was asked for, one line a request.
    public var requests: [Substring] {
        ((try? folder.joined("access.log").readText(limit: 256 << 20)) ?? "").split(separator: "\n")
    }

    private static func log(_ folder: FilePath) -> String { (try? folder.joined("error.log").readText()) ?? "" }

    private static func start(
        _ software: Software, _ root: FilePath, _ folder: FilePath, _ port: UInt16
    ) throws -> RunningTool {
        let file = folder.joined("\(software.rawValue).conf")
        let errors = Word(folder.joined("error.log"))
        var tool = Tool(software.program, [])
        switch software {
        case .nginx:
            try AtomicFile.write(nginx(root, folder, port).utf8, to: file)
            tool.words = ["-e", errors, "-c", Word(file)]
        case .apache:
            try AtomicFile.write(try apache(root, folder, port).utf8, to: file)
            tool.words = ["-X", "-d", Word(folder), "-f", Word(file), "-E", errors]
        }
        return try tool.start(output: .null, errors: .null)
    }

    private static let shipped = Catboat.projectFolder.joined("share/web")

    private static func nginx(_ root: FilePath, _ folder: FilePath, _ port: UInt16) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(folder)/\($0);"
        }.joined(separator: " ")
        return """
            daemon off;
            master_process off;
            pid \(folder)/nginx.pid;
            error_log \(folder)/error.log;
            events { worker_connections 256; }
            http {
                access_log \(folder)/access.log;
                default_type application/octet-stream;
                sendfile on;
                \(temporary)
                server {
                    listen 127.0.0.1:\(port);
                    root \(root);
                    include \(shipped)/nginx.conf;
                }
            }

            """
    }

    /// The shipped file names folders of the host: they become those below `root`, as text.
    private static func apache(_ root: FilePath, _ folder: FilePath, _ port: UInt16) throws -> String {
        let modules = ["mpm_prefork", "authz_core", "alias"].map {
            "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so\n"
        }.joined()
        let shipped = try shipped.joined("apache.conf").readText()
            .replacing("Alias \"/install\" \"/install\"", with: "Alias \"/install\" \"\(root)/install\"")
            .replacing("Alias \"/tftpboot\" \"/tftpboot\"", with: "Alias \"/tftpboot\" \"\(root)/tftpboot\"")
            .replacing("<DirectoryMatch \"^/(", with: "<DirectoryMatch \"^\(root)/(")
        return """
            \(modules)
            ServerName localhost
            Listen 127.0.0.1:\(port)
            User www-data
            Group www-data
            ErrorLog \(folder)/error.log
            PidFile \(folder)/apache.pid
            DefaultRuntimeDir \(folder)
            DocumentRoot \(folder)
            <Directory "/">
                Require all denied
            </Directory>
            \(shipped)
            """
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return address
    }

    private static func withAddress<Result>(
        _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = address(0)
        guard withAddress(&address, { bind(descriptor, $0, $1) }) == 0 else { throw Problem.noPort(.latest) }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        guard withAddress(&address, { pointer, _ in getsockname(descriptor, pointer, &length) }) == 0 else {
            throw Problem.noPort(.latest)
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Waits until the port takes connections; false when the server ended instead.
    private static func answers(_ port: UInt16, _ process: RunningTool) throws -> Bool {
        for _ in 0..<200 {
            if try process.poll() != nil { return false }
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = address(port)
            if withAddress(&address, { connect(descriptor, $0, $1) }) == 0 { return true }
            usleep(50_000)
        }
        return false
    }
}
