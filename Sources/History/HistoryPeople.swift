internal import Support

#if canImport(Glibc)
    internal import Glibc
#endif

/// Users of this machine as authors of commits.
struct HistoryPeople {
    private let domain: String
    /// Who runs this command: the user behind sudo, else the effective user.
    let runner: UInt32

    init(_ environment: Environment = .current) {
        var name = [CChar](repeating: 0, count: 256)
        domain = gethostname(&name, name.count - 1) == 0 ? Self.text(name) : "localhost"
        let sudo = geteuid() == 0 ? environment.text("SUDO_UID").flatMap { UInt32($0) } : nil
        runner = sudo ?? geteuid()
    }

    /// Catboat itself, the committer of everything.
    var catboat: GitPerson { GitPerson(name: "Catboat", email: "catboat@\(domain)") }

    func person(_ user: UInt32) -> GitPerson {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        let code = getpwuid_r(user, &entry, &buffer, buffer.count, &found)
        guard code == 0, let found, let login = found.pointee.pw_name.map({ String(cString: $0) }) else {
            return GitPerson(name: "user \(user)", email: "\(user)@\(domain)")
        }
        let full = found.pointee.pw_gecos.map { String(cString: $0).prefix { $0 != "," } } ?? ""
        return GitPerson(name: full.isEmpty ? login : String(full), email: "\(login)@\(domain)")
    }

    private static func text(_ name: [CChar]) -> String {
        String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
