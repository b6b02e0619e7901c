/// The orders in which names of profile files are tried.
extension ProfileSearch {
    /// Names without their extension, the first that exists wins; see `Order`.
    static func candidates(_ kind: Kind, in tree: Tree, for subject: Subject, order: Order) -> [String] {
        let names =
            if kind == .postinstall {
                postinstallOrder(subject, in: tree)
            } else {
                switch order {
                case .byRelease: releaseOrder(subject, in: tree)
                case .byArchitecture: architectureOrder(subject)
                }
            }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    /// The release's own names, the generic one among them.
    static func releases(for subject: Subject, in tree: Tree) -> [String] {
        [subject.name.text, generic(subject, in: tree)] + subject.name.searchList
    }

    private static func generic(_ subject: Subject, in tree: Tree) -> String {
        tree == .install && subject.name.hasSubiquity && !subject.isLegacy ? "subiquity" : subject.name.generic
    }

    private static func releaseOrder(_ subject: Subject, in tree: Tree) -> [String] {
        let profile = subject.profile
        return releases(for: subject, in: tree).flatMap { ["\(profile).\($0).\(subject.arch)", "\(profile).\($0)"] }
            + ["\(profile).\(subject.arch)", profile]
    }

    private static func architectureOrder(_ subject: Subject) -> [String] {
        let profile = subject.profile
        var list = subject.name.searchList
        if subject.name.text.hasPrefix("sles"), let mark = subject.name.text.dropFirst(4).firstRange(of: "sp") {
            list = [String(subject.name.text[..<mark.lowerBound])]
        }
        let releases = [subject.name.text] + list
        return releases.map { "\(profile).\($0).\(subject.arch)" } + ["\(profile).\(subject.arch)"]
            + releases.map { "\(profile).\($0)" } + [profile]
    }

    private static func postinstallOrder(_ subject: Subject, in tree: Tree) -> [String] {
        let (profile, arch) = (subject.profile, subject.arch)
        var names = [subject.name.text]
        var shortened: [String] = []
        var next = subject.name.withoutLastPart
        if let shorter = next {
            names.append(shorter.text)
            next = shorter.withoutLastPart
        }
        while let shorter = next {
            shortened.append(shorter.text)
            next = shorter.withoutLastPart
        }
        let letters = String(subject.name.text.prefix { $0.isLetter || $0 == "-" })
        let digits = subject.name.text.dropFirst(letters.count).prefix { $0.isASCII && $0.isNumber }
        shortened += [2, 1].filter { digits.count >= $0 }.map { letters + digits.prefix($0) }
        shortened.append(generic(subject, in: tree))
        return names.map { "\(profile).\($0).\(arch)" } + names.map { "\(profile).\($0)" }
            + shortened.flatMap { ["\(profile).\($0).\(arch)", "\(profile).\($0)"] } + ["\(profile).\(arch)", profile]
    }
}
