internal import SystemPackage

/// What an image of a bundle brings.
extension ImportImage {
    struct File {
        enum Origin {
            case member
            /// Stays where it is: a folder of the bundle goes into place with it.
            case copy
            case link(FilePath)
        }

        /// On the host, where the bundle was unpacked; of no meaning for a link.
        var source: FilePath
        /// As stored.
        var target: FilePath
        var sha256: String
        var mode: String?
        /// Whether its path gets a line of its own.
        var isShown: Bool
        var origin = Origin.member

        /// Whether it is one of the extra files.
        var isExtra = false

        /// Whether it becomes a link to something else of the bundle.
        var isLink: Bool { if case .link = origin { true } else { false } }
    }

    /// Something that will run as root, or make others run it.
    struct Code {
        var kind: String
        /// Its path, as stored, or what else names it.
        var name: String
    }

    struct Tree {
        /// The packed file to unpack, or a folder of the bundle.
        var source: FilePath
        var isPacked: Bool
        /// `rootimg` within what is unpacked, for a tree with a top of its own.
        var inner: String?
        var target: FilePath
        /// The kernel of a packed root image.
        var kernel: FilePath?
        /// Digests of the files of a folder of the bundle, by name.
        var digests: [[UInt8]: String] = [:]
    }

    /// A folder that an extra folder of the bundle makes, be it empty or not.
    struct Folder {
        /// As stored.
        var target: FilePath
        /// Permission bits in octal.
        var mode: String
    }
}
