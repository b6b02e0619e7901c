internal import Definitions
internal import Support

/// Which names new objects may have.
enum ObjectNameRule {
    /// Why `name` cannot be an object of the type; nil when it can.
    static func problem(_ name: String, _ type: ObjectType) -> Diagnostic? {
        if type.isNode {
            if name.contains(".") {
                return Diagnostic("The object name '\(name)' is invalid, Cannot use '.' in node name.")
            }
            return isWord(name) ? nil : badFormat(name)
        }
        if type.isGroup { return isPlainGroup(name) ? nil : badFormat(name) }
        if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) { return badFormat(name) }
        if type.isSite { return nil }
        if !StanzaText.canBeName(name) {
            return badFormat(name, "leave out '=', blanks at the ends, and '#' or 'default-' at the beginning")
        }
        if type.name == "osimage" {
            // An image's name becomes a folder of what is served and of the history.
            if name == "." || name == ".." || name.contains("/") || name.hasPrefix("-") {
                return badFormat(name, "leave out '/', and '-' at the beginning")
            }
        }
        return nil
    }

    static func warning(_ name: String, _ type: ObjectType) -> String? {
        guard type.isNode, name.utf8.contains(where: { (0x41...0x5a).contains($0) }) else { return nil }
        return "The node name '\(name)' contains capital letters which may not be resolved correctly by the dns server."
    }

    private static func badFormat(
        _ name: String, _ remedy: String = "use letters, digits, '-' and '_'"
    ) -> Diagnostic {
        Diagnostic(
            "The object name '\(name)' is invalid, please refer to \"man xcatdb\" for the valid \"xCAT Object Name Format\"",
            remedy: remedy)
    }

    private static func isWord(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            }
    }

    /// A group's name must mean itself in a noderange.
    private static func isPlainGroup(_ name: String) -> Bool {
        guard !name.isEmpty, !name.utf8.allSatisfy({ (0x30...0x39).contains($0) }), !name.hasPrefix("-"),
            !name.contains(where: { ",@()[]/^=~+:'\" \t\n|".contains($0) })
        else { return false }
        return !NoderangeSyntax.isSpan(name)
    }
}
