internal import Support
internal import SystemPackage

/// Which packages of a tree need which, by its database.
struct RpmDependencies {
    private struct Package {
        var name = ""
        var needs: [String] = []
        var weakNeeds: [String] = []
        /// Wants to be there as long as one of these is.
        var accompanies: [String] = []
    }

    private var packages: [Package] = []
    /// Indices of the packages that have a capability or file.
    private var providers: [String: [Int]] = [:]

    /// Lines of one letter, a tab and a value; `N` begins a package.
    static let format =
        "N\\t%{NAME}\\n[P\\t%{PROVIDENAME}\\n][F\\t%{FILENAMES}\\n][R\\t%{REQUIRENAME}\\n]"
        + "[W\\t%{RECOMMENDNAME}\\n][S\\t%{SUPPLEMENTNAME}\\n]"

    /// - Parameter text: what `rpm -qa` prints with `format`.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t", maxSplits: 1)
            guard fields.count == 2, fields[1] != "(none)" else { continue }
            let value = String(fields[1])
            if fields[0] == "N" {
                packages.append(Package(name: value))
                continue
            }
            guard let last = packages.indices.last else { continue }
            switch fields[0] {
            case "P", "F": providers[value, default: []].append(last)
            case "R": packages[last].needs += Self.capabilities(value)
            case "W": packages[last].weakNeeds += Self.capabilities(value)
            case "S": packages[last].accompanies += Self.capabilities(value)
            default: continue
            }
        }
    }

    /// The capabilities of a dependency. All words of a rich one, `(a if b)`, count: too much is kept rather than too little.
    private static func capabilities(_ text: String) -> [String] {
        guard text.hasPrefix("(") else { return [text] }
        return text.dropFirst().dropLast().split(separator: " ").map { word in
            // `foo(x86-64)` keeps its brackets, `(foo` and `foo)` lose them.
            var word = word
            while word.hasPrefix("(") { word.removeFirst() }
            while word.hasSuffix(")"), word.count(where: { $0 == ")" }) > word.count(where: { $0 == "(" }) {
                word.removeLast()
            }
            return String(word)
        }
    }

    /// Names of `suspects` that no other package needs, directly or through others; sorted.
    ///
    /// - Parameter keepsRecommended: whether being recommended or an accompaniment is reason enough to stay.
    func unneeded(_ suspects: Set<String>, keepsRecommended: Bool) -> [String] {
        var needed: Set<Int> = []
        var pending: [Int] = []
        func keep(_ index: Int) { if needed.insert(index).inserted { pending.append(index) } }
        var companions: [Int: [Int]] = [:]
        for (index, package) in packages.enumerated() {
            if !suspects.contains(package.name) { keep(index) }
            guard keepsRecommended else { continue }
            for provider in package.accompanies.flatMap({ providers[$0] ?? [] }) {
                companions[provider, default: []].append(index)
            }
        }
        while let index = pending.popLast() {
            let package = packages[index]
            let wants = package.needs + (keepsRecommended ? package.weakNeeds : [])
            for provider in wants.flatMap({ providers[$0] ?? [] }) { keep(provider) }
            for companion in companions[index] ?? [] { keep(companion) }
        }
        return Set(packages.indices.filter { !needed.contains($0) }.map { packages[$0].name }).sorted()
    }
}
