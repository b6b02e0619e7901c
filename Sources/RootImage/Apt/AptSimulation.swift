internal import Profiles
internal import Support
internal import SystemPackage

/// The packages of a tree as apt sees them, and what a run of apt would make of them: `apt-get --simulate` on a copy of the status,
/// one step after the other. Nothing of the tree changes.
struct AptSimulation: PackageSimulation {
    /// Runs apt with the workspace's configuration; see `AptDriver`.
    typealias Apt = ([Word]) throws -> Tool.Captured

    private(set) var status: DpkgStatus
    /// Packages that were not asked for by name.
    private(set) var automatic: Set<String>
    /// Package that each requested name stood for, where it differs.
    private(set) var selected: [String: String] = [:]
    private let folder: FilePath
    private let place: FilePath
    private let apt: Apt
    private let prepare: ([PackageRequest]) throws -> [PackageRequest]

    /// - Parameters:
    ///   - folder: where the copies are kept.
    ///   - place: the same folder as apt sees it.
    ///   - prepare: checks requests, and says what they are called in this run.
    init(
        _ status: DpkgStatus, automatic: Set<String>, folder: FilePath, place: FilePath, apt: @escaping Apt,
        prepare: @escaping ([PackageRequest]) throws -> [PackageRequest]
    ) throws {
        (self.status, self.automatic, self.folder, self.place) = (status, automatic, folder, place)
        (self.apt, self.prepare) = (apt, prepare)
        try folder.createDirectories()
    }

    var versions: [String: String] { status.versions }

    mutating func advance(_ step: PackageStep) throws {
        switch step {
        case .install(let requests, let names): try install(try prepare(requests), also: names)
        case .remove(let names): try remove(names)
        case .upgrade: try advance(["upgrade", "--with-new-pkgs"], [])
        case .tidy(let dropped, let removable): try remove(try unneeded(dropped: dropped, removable: removable))
        }
    }

    func packages(for name: String) -> [String] { [package(for: name)] }

    /// What a simulated run does to one package.
    enum Action: Equatable {
        case install(String, version: String)
        case remove(String)
    }

    /// Installs packages by name. Names that stand for nothing are all reported at once.
    mutating func install(_ requests: [PackageRequest], also extra: [String] = []) throws {
        let names = extra + requests.map(\.name)
        guard !names.isEmpty else { return }
        try advance(["install"] + names.map { Word($0) }, requests)
        for name in names { automatic.remove(package(for: name)) }
    }

    /// Removes packages, as far as they are there.
    private mutating func remove(_ names: [String]) throws {
        let present = names.filter { status.versions[$0] != nil }
        guard !present.isEmpty else { return }
        try advance(["remove"] + present.map { Word($0) }, [])
    }

    /// Packages that nothing needs once `dropped` are not wanted for themselves any more; only those in `removable` or `dropped`.
    mutating func unneeded(dropped: [String], removable: Set<String>) throws -> [String] {
        automatic.formUnion(dropped)
        let actions = try simulate(["autoremove"], [])
        return actions.compactMap { action in
            guard case .remove(let name) = action, removable.contains(name) || dropped.contains(name) else {
                return nil
            }
            return name
        }
    }

    /// The package that a requested name stands for: without `=version`, and with a virtual package replaced.
    private func package(for name: String) -> String {
        let plain = String(name.prefix { $0 != "=" })
        return selected[plain] ?? plain
    }

    private mutating func advance(_ words: [Word], _ requests: [PackageRequest]) throws {
        let actions = try simulate(words, requests)
        var wanted: [Word] = []
        for action in actions {
            switch action {
            case .remove(let name):
                status.remove(name)
                automatic.remove(name)
            case .install(let name, let version):
                if status.versions[name] == nil { automatic.insert(name) }
                wanted.append(Word("\(name)=\(version)"))
            }
        }
        guard !wanted.isEmpty else { return }
        let shown = try apt(["apt-cache", "show", "--no-all-versions"] + wanted)
        for stanza in DpkgStatus.stanzas(of: shown.output) { status.install(stanza) }
    }

    private mutating func simulate(_ words: [Word], _ requests: [PackageRequest]) throws -> [Action] {
        try AtomicFile.write(status.settledText, to: folder.joined("status"))
        let states = automatic.sorted().map { name in
            "Package: \(name)\nArchitecture: \(status.packages[name]?.architecture ?? status.architecture)\nAuto-Installed: 1\n\n"
        }
        try AtomicFile.write(Array(states.joined().utf8), to: folder.joined("extended_states"))
        let seen = place.joined(folder.lastName)
        let captured = try apt(
            [
                "apt-get", "--simulate", "-q", "-y",
                "-o", Word("Dir::State::status=\(seen.printable)/status"),
                "-o", Word("Dir::State::extended_states=\(seen.printable)/extended_states"),
            ] + words)
        let output = AptOutput(captured)
        selected.merge(output.selected) { $1 }
        let unknown = output.unknownNames
        guard unknown.isEmpty else {
            let culprits = requests.filter {
                unknown.contains(String($0.name.prefix { $0 != "=" })) || unknown.contains($0.name)
            }
            throw culprits.isEmpty ? PackageError.unresolvable(output.errorText) : PackageError.unknown(culprits)
        }
        guard captured.ending.isSuccess else { throw PackageError.unresolvable(output.errorText) }
        return output.actions
    }
}

/// What apt says, read: it has no form for programs that tells all of this.
struct AptOutput {
    private let lines: [Substring]
    private let errors: [Substring]

    init(_ captured: Tool.Captured) {
        lines = captured.text.split(separator: "\n")
        errors = String(decoding: captured.errors, as: UTF8.self).split(separator: "\n")
    }

    /// `Inst name [old] (new origin [arch])`, `Remv name [old]`, `Purg name [old]`.
    var actions: [AptSimulation.Action] {
        lines.compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 2 else { return nil }
            switch words[0] {
            case "Inst":
                guard let version = words.first(where: { $0.hasPrefix("(") }) else { return nil }
                return .install(String(words[1]), version: String(version.dropFirst()))
            case "Remv", "Purg": return .remove(String(words[1]))
            default: return nil
            }
        }
    }

    /// `Note, selecting 'mawk' instead of 'awk'`.
    var selected: [String: String] {
        var result: [String: String] = [:]
        for line in lines + errors where line.hasPrefix("Note, selecting ") && line.contains(" instead of ") {
            let quoted = Self.quoted(line)
            if quoted.count == 2 { result[quoted[1]] = quoted[0] }
        }
        return result
    }

    /// Names that mean nothing. Apt would take some of them as patterns (`selecting 'x' for regex 'y'`); a list has names.
    var unknownNames: Set<String> {
        var result: Set<String> = []
        for line in errors + lines {
            if line.hasPrefix("E: Unable to locate package ") {
                result.insert(String(line.dropFirst(28)))
            } else if line.hasPrefix("E: Package '"), line.hasSuffix("has no installation candidate") {
                result.formUnion(Self.quoted(line))
            } else if line.hasPrefix("E: Version '") || line.hasPrefix("E: Couldn't find any package by ")
                || line.hasPrefix("E: Couldn't find task")
            {
                if let name = Self.quoted(line).last { result.insert(name) }
            } else if line.hasPrefix("Note, selecting '"), line.contains("' for "), let name = Self.quoted(line).last {
                result.insert(name)
            }
        }
        return result
    }

    /// The part of the output that explains a failure.
    var errorText: String {
        let unmet = lines.drop { !$0.hasPrefix("The following packages have unmet dependencies") }.prefix(20)
        return (Array(unmet) + errors.filter { $0.hasPrefix("E:") }).joined(separator: "\n")
    }

    private static func quoted(_ line: Substring) -> [String] {
        line.replacing("Couldn't", with: "Could not").split(separator: "'", omittingEmptySubsequences: false)
            .enumerated().filter { $0.offset % 2 == 1 }.map {
                String($0.element)
            }
    }
}
