/// SUSE Linux Enterprise and openSUSE Leap: `content` up to 12, `media.1/media` and `.treeinfo` since 15.
enum SLESMedium: MediumFamily {
    static func recognise(_ facts: MediumFacts, _ claim: Claim) throws(RecognitionRefusal) -> Recognised? {
        if let name = claim.name {
            let isLeap = name == "leap15" || name.hasPrefix("leap15.")
            guard isLeap || name.hasPrefix("sle") || name.hasPrefix("suse") else { return nil }
        }
        guard let found = leap(facts) ?? content(facts) ?? media(facts) else { return nil }
        let arch = Architecture.ofSLES(found.arch)
        if let wanted = claim.arch, !arch.isEmpty, wanted != arch {
            throw .otherArchitecture(product: "SLES", wanted: wanted, found: arch)
        }
        guard let arch = claim.arch ?? (arch.isEmpty ? nil : arch) else { throw .unknownArchitecture(wanted: "<arch>") }
        return Recognised(
            name: claim.name ?? found.name, arch: arch, nativeArch: found.arch.isEmpty ? arch : found.arch,
            disc: found.disc, family: .sles, codename: "", components: [], isLegacy: false, isLive: false,
            isFull: found.isFull)
    }

    struct Found: Equatable {
        var name: String
        var arch: String
        var disc: String
        var isFull = false
    }

    private static func leap(_ facts: MediumFacts) -> Found? {
        let info = TreeInfo(facts.text(".treeinfo") ?? "")
        let titles = [info["release", "name"], info["general", "family"], info["general", "name"]]
        if titles.contains(where: { $0?.contains("openSUSE Leap") == true }) {
            let version = info["release", "version"] ?? info["general", "version"] ?? ""
            guard version.hasPrefix("15") else { return nil }
            return Found(name: "leap\(version)", arch: info["general", "arch"] ?? "", disc: "1")
        }
        let texts = facts.lines("media.1/media").prefix(2) + facts.lines("media.1/products").prefix(2)
        for text in texts where text.contains("Leap") {
            guard let mark = text.firstRange(of: "15.") else { continue }
            let minor = text[mark.upperBound...].prefix { $0.isASCII && $0.isNumber }
            if !minor.isEmpty {
                return Found(name: "leap15.\(minor)", arch: archWord(texts.joined(separator: " ")), disc: "1")
            }
        }
        return nil
    }

    /// SLE 15: `SUSE - SLE-15-SP3-Full-x86_64-Build187.1-Media`.
    private static func media(_ facts: MediumFacts) -> Found? {
        let lines = facts.lines("media.1/media")
        let products = facts.text("media.1/products") ?? ""
        guard
            let first = lines.first(where: { $0.contains("SLE-15") }) ?? (products.contains("SLE-15") ? products : nil)
        else { return nil }
        var name = "sle15"
        for text in [first, products] {
            guard let mark = text.firstRange(of: "SLE-15-SP") else { continue }
            name = "sle15.\(text[mark.upperBound...].prefix { $0.isASCII && $0.isNumber })"
            break
        }
        let disc = disc(first)
        return Found(
            name: name, arch: archWord(lines.first ?? ""), disc: disc, isFull: first.contains("Full") && disc == "1")
    }

    /// Which disc a SLE 15 medium is, from the words of its first line.
    static func disc(_ text: String) -> String {
        let isPackages = text.contains("Packages")
        let isInstaller = text.contains("Installer")
        var number = 1
        if let mark = text.firstRange(of: "Media") {
            number = Int(text[mark.upperBound...].prefix { $0.isASCII && $0.isNumber }) ?? 1
        }
        if number > 1 || text.contains("SOURCE") {
            if isInstaller { return "installer\(max(number, 2))" }
            if isPackages { return "packages\(max(number, 2))" }
            return "2"
        }
        return isPackages ? "2" : "1"
    }

    static func archWord(_ text: String) -> String {
        ["x86_64", "ppc64le", "aarch64", "s390x"].first { text.contains($0) } ?? ""
    }

    /// SLES up to 12: `KEY value` lines of `content`, `media.<N>/products`.
    private static func content(_ facts: MediumFacts) -> Found? {
        var values: [String: String] = [:]
        for line in facts.lines("content") {
            let parts = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1].trimmed) }
        }
        guard !values.isEmpty else { return nil }
        let discs = facts.names("").filter { $0.hasPrefix("media.") }.compactMap { Int($0.dropFirst(6)) }.sorted()
        guard let number = discs.last else { return nil }
        let products = facts.text("media.\(number)/products") ?? ""
        let isKit = ["Software-Development-Kit", "SDK"].contains { products.contains($0) }
        guard isKit || ["SUSE-Linux-Enterprise-Server", "SLES"].contains(where: { products.contains($0) }) else {
            return nil
        }
        guard let version = contentVersion(values) else { return nil }
        let isLate = version.split(separator: ".").compactMap { Int($0) }.lexicographicallyPrecedes([11, 3]) == false
        let disc = isKit ? (number == 1 && isLate ? "sdk3" : "sdk\(number)") : "\(number)"
        return Found(name: "sles\(version)", arch: contentArch(values), disc: disc)
    }

    private static func contentVersion(_ values: [String: String]) -> String? {
        if let version = values["VERSION"]?.split(whereSeparator: { $0.isWhitespace || $0 == "-" }).first {
            return String(version)
        }
        for text in [values["DISTRO"], values["LABEL"]] {
            guard let digits = text?.drop(while: { !($0.isASCII && $0.isNumber) }), !digits.isEmpty else { continue }
            return String(digits.prefix { $0 == "." || ($0.isASCII && $0.isNumber) })
        }
        return nil
    }

    private static func contentArch(_ values: [String: String]) -> String {
        if let base = values["DEFAULTBASE"] { return base }
        if let bases = values["BASEARCHS"]?.split(whereSeparator: \.isWhitespace).first { return String(bases) }
        return values["REPOID"]?.split(separator: "/").last.map(String.init) ?? ""
    }
}
