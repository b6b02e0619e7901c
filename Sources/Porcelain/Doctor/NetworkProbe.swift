internal import Support
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// One question to a server, answered within two seconds or not at all.
struct NetworkProbe {
    var host: String
    var port: String

    private static let patience: CInt = 2000

    /// The status of a HEAD request over HTTP/1.1; nil when there is no answer in the form of HTTP.
    func webStatus(of path: String) -> Int? {
        withSocket(SOCK_STREAM) { socket in
            let name = Self.encoded(path)
            let request =
                "HEAD \(name) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\nUser-Agent: catboat-doctor\r\n\r\n"
            guard Self.send(request.utf8.map { $0 }, to: socket), let answer = Self.receive(from: socket) else {
                return nil
            }
            let words = String(decoding: answer.prefix { $0 != 0x0d && $0 != 0x0a }, as: UTF8.self).split(
                separator: " ")
            guard words.count >= 2, words[0].hasPrefix("HTTP/") else { return nil }
            return Int(words[1])
        }
    }

    /// Whether a request for some boot file over TFTP is answered, be it that there is no such file.
    var answersBootFileRequests: Bool {
        withSocket(SOCK_DGRAM) { socket in
            let request: [UInt8] = [0, 1] + Array("catboat-doctor".utf8) + [0] + Array("octet".utf8) + [0]
            guard Self.send(request, to: socket), let answer = Self.receive(from: socket) else { return nil }
            return answer.count >= 4
        } ?? false
    }

    private static func encoded(_ path: String) -> String {
        path.utf8.map { byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "/-._~".utf8.contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            return isPlain ? String(UnicodeScalar(byte)) : "%" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }

    // MARK: - Sockets

    private func withSocket<Answer>(_ kind: __socket_type, _ body: (CInt) -> Answer?) -> Answer? {
        var hints = addrinfo()
        hints.ai_socktype = CInt(kind.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        var next = list
        while let address = next?.pointee {
            next = address.ai_next
            let descriptor = socket(
                address.ai_family, address.ai_socktype | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue),
                address.ai_protocol)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            let isConnected =
                connect(descriptor, address.ai_addr, address.ai_addrlen) == 0
                || (Errno.latest == .nowInProgress && Self.waits(descriptor, for: POLLOUT)
                    && Self.error(descriptor) == 0)
            if isConnected, let answer = body(descriptor) { return answer }
        }
        return nil
    }

    private static func waits(_ descriptor: CInt, for events: CInt) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return poll(&entry, 1, patience) == 1
    }

    private static func error(_ descriptor: CInt) -> CInt {
        var code: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return -1 }
        return code
    }

    private static func send(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        Glibc.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count
    }

    /// What comes first, at most 4 KiB.
    private static func receive(from descriptor: CInt) -> [UInt8]? {
        guard waits(descriptor, for: POLLIN) else { return nil }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : nil
    }
}
