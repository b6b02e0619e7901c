internal import Support
public import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// A real web server (nginx) on loopback that shows a site's `/install` and `/tftpboot`, as on a management node.
///
/// It stops when the value is gone. Virtual nodes reach it as 10.0.2.2.
public final class WebServer {
    public let port: UInt16
    private let process: RunningTool
    private let folder: FilePath

    /// - Parameters:
    ///   - root: what stands for `/` of the site.
    ///   - folder: for nginx's own files; must exist.
    public init(root: FilePath, folder: FilePath) throws {
        self.folder = folder
        var started: (UInt16, RunningTool)?
        // Between our look and nginx's bind another process may take the port: then the next one.
        for _ in 0..<5 where started == nil {
            let port = try Self.freePort()
            let process = try Self.start(root, folder, port)
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
            case .didNotStart(let log): "nginx did not start: \(log)"
            case .noPort(let errno): "no free port: \(errno)"
            }
        }
    }

    /// What was asked for, one line a request.
    public var requests: [Substring] {
        ((try? folder.joined("access.log").readText(limit: 256 << 20)) ?? "").split(separator: "\n")
    }

    private static func log(_ folder: FilePath) -> String { (try? folder.joined("error.log").readText()) ?? "" }

    private static func start(_ root: FilePath, _ folder: FilePath, _ port: UInt16) throws -> RunningTool {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(folder)/\($0);"
        }.joined(separator: " ")
        let text = """
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
                    location / { return 404; }
                    location /install/ { }
                    location /tftpboot/ { }
                }
            }

            """
        let file = folder.joined("nginx.conf")
        try AtomicFile.write(text.utf8, to: file)
        let nginx = Tool("/usr/sbin/nginx", ["-e", Word(folder.joined("error.log")), "-c", Word(file)])
        return try nginx.start(output: .null, errors: .null)
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
