internal import CommandShell
internal import FoundationEssentials
internal import Settings
internal import Support
internal import SystemPackage

/// Where an image is and where it is served: as the command line says, else as the definitions do.
///
/// The store is not opened here: `definition-get` is asked.
struct PublishedFolder {
    /// rootimgdir on the host.
    let rootimgFolder: FilePath
    /// rootimgdir as it is stored, which is its path on the web server.
    let webPath: String
    /// tftpdir on the host.
    let tftpFolder: FilePath

    init(osimage: String, rootimgdir: String?, tftpdir: String?, _ settings: Settings) throws {
        if let rootimgdir {
            rootimgFolder = FilePath(rootimgdir).absolute
            webPath = settings.root.stored(rootimgFolder).printable
        } else {
            guard let stored = try Self.attribute("rootimgdir", "osimage", osimage) else {
                throw CommandFailure([
                    Diagnostic("osimage has no rootimgdir", subject: osimage, remedy: "give --rootimgdir")
                ])
            }
            rootimgFolder = try settings.host(FilePath(stored))
            webPath = FilePath(stored).printable
        }
        if let tftpdir {
            tftpFolder = FilePath(tftpdir)
        } else if rootimgdir == nil, let stored = try Self.attribute("tftpdir", "site", "clustersite") {
            tftpFolder = try settings.host(FilePath(stored))
        } else {
            tftpFolder = try settings.root.host("/tftpboot")
        }
    }

    private struct Document: Decodable {
        struct Object: Decodable {
            var attributes: [String: String]
        }
        var definitions: [Object]
    }

    /// nil when the object is not defined or the attribute not set.
    private static func attribute(_ name: String, _ type: String, _ object: String) throws -> String? {
        let printed = try Step("definition-get", [Word(type), Word(object), "--json"]).captured(accepting: [0, 1])
        let document = try? JSONDecoder().decode(Document.self, from: Data(printed.output))
        return document?.definitions.first?.attributes[name]
    }
}
