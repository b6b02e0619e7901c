internal import Definitions
internal import Support
internal import SystemPackage
internal import Tables

/// Root's password of the nodes as a hash for `/etc/shadow`, from the passwd row `system`, `root` and site.secureroot.
struct RootPassword {
    /// The hash; nil when nothing says what it is and the image's own stays.
    let hash: String?

    /// - Parameter tree: the root image; a hash there that fits the password is kept, so that packing again changes nothing.
    init(_ cluster: Cluster, tree: FilePath) throws {
        if ["1", "yes", "y"].contains((try cluster.site("secureroot") ?? "").lowercased()) {
            hash = "*"
            return
        }
        let row = try cluster.store.row("passwd", ["key": "system", "username": "root"])
        guard let password = row?["password"], !password.isEmpty else {
            hash = nil
            return
        }
        if ["$1$", "$5$", "$6$", "$y$"].contains(where: { password.hasPrefix($0) }) || password == "*" {
            hash = password
            return
        }
        let scheme = ["md5": "1", "sha256": "5", "sha512": "6"][row?["cryptmethod"] ?? "sha256"] ?? "5"
        let present = try Self.present(in: tree)
        if let salt = Self.salt(of: present, scheme), try Self.hash(password, scheme, salt) == present {
            hash = present
        } else {
            hash = try Self.hash(password, scheme, Self.newSalt())
        }
    }

    private static func present(in tree: FilePath) throws -> String {
        let file = try RootFolder(tree).host("/etc/shadow")
        guard file.isRegularFile else { return "" }
        let line = try file.readText().split(separator: "\n").first { $0.hasPrefix("root:") }
        return String(line?.split(separator: ":", omittingEmptySubsequences: false).dropFirst().first ?? "")
    }

    private static func salt(of hash: String, _ scheme: String) -> String? {
        let parts = hash.split(separator: "$")
        return parts.count == 3 && parts[0] == scheme ? String(parts[1]) : nil
    }

    private static func newSalt() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./")
        var generator = SystemRandomNumberGenerator()
        return String((0..<8).map { _ in letters[Int(generator.next(upperBound: UInt(letters.count)))] })
    }

    /// The password goes through a pipe; only the salt is visible to other users.
    private static func hash(_ password: String, _ scheme: String, _ salt: String) throws -> String {
        let tool = Tool("openssl", ["passwd", Word("-\(scheme)"), "-salt", Word(salt), "-stdin"])
        return String(try tool.output(input: Array((password + "\n").utf8)).lines.first ?? "")
    }
}
