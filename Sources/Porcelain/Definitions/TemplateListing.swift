internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage
internal import Tables

/// Templates of objects: stanzas that are shipped in the data folder, one folder for each type.
struct TemplateListing {
    private let folder: FilePath
    private let request: DefinitionRequest

    init(_ settings: Settings, _ request: DefinitionRequest) {
        folder = settings.dataFolder.joined("templates/objects")
        self.request = request
    }

    /// Shows all names of templates, or the text of those named.
    func show(_ names: String) throws {
        let types = request.givenTypes?.map(\.name) ?? ["node"]
        if names.isEmpty, request.operand == nil {
            for type in types {
                for name in try folder.joined(type).directoryNames() {
                    try Console.print("\(stem(name))  (template of \(type))")
                }
            }
            return
        }
        var failed = false
        for name in (names.isEmpty ? request.operand ?? "" : names).split(separator: ",").map(String.init) {
            let paths = types.map { folder.joined($0).joined("\(name).stanza") }
            if let path = paths.first(where: { !name.contains("/") && $0.isRegularFile }) {
                try Console.write(try path.readBytes())
            } else {
                Console.error(Diagnostic("Could not find \(name) in xCAT templates.", remedy: "see lsdef --template"))
                failed = true
            }
        }
        if failed { throw CommandFailure([]) }
    }

    private func stem(_ name: FilePath) -> String {
        let text = name.printable
        return text.hasSuffix(".stanza") ? String(text.dropLast(7)) : text
    }
}
