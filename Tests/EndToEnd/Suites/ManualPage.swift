import Support
import SystemPackage
import TestSupport

/// What stands in a manual page for a reader to type.
struct ManualPage {
    private let name: FilePath
    /// The literal displays, as a reader sees them.
    let displays: [String]

    /// - Parameter name: below `man/`, e.g. `man7/catboat-tutorial.7`.
    init(_ name: FilePath) throws {
        self.name = name
        let page = try Catboat.projectFolder.joined("man").joined(name).readText()
        var displays: [String] = []
        var block: [String]?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix(".Bd -literal") {
                block = []
            } else if line == ".Ed" {
                if let block { displays.append(block.map { $0 + "\n" }.joined()) }
                block = nil
            } else {
                block?.append(String(line.hasPrefix("\\&") ? line.dropFirst(2) : line).replacing("\\e", with: "\\"))
            }
        }
        self.displays = displays
    }

    /// The display that begins with an interpreter line and then `# NAME `.
    func script(_ script: String) throws -> String {
        let found = displays.first { display in
            let lines = display.split(separator: "\n", omittingEmptySubsequences: false)
            return lines.count > 1 && lines[0].hasPrefix("#!") && lines[1].hasPrefix("# \(script) ")
        }
        guard let found else { throw FileError("find script \(script) in", name, .noSuchFileOrDirectory) }
        return found
    }
}
