/// Enterprise Linux, Fedora and their kin: `.discinfo` (build id, description, architecture, disc) and `.treeinfo`.
enum ELMedium: MediumFamily {
    private static let names = ["centos", "alma", "rocky", "fedora", "SL", "ol", "pkvm", "rh"]

    static func recognise(_ facts: MediumFacts, _ claim: Claim) throws(RecognitionRefusal) -> Recognised? {
        if let name = claim.name, !names.contains(where: { name.hasPrefix($0) }) { return nil }
        let lines = facts.lines(".discinfo")
        let treeInfo = TreeInfo(facts.text(".treeinfo") ?? "")
        guard facts.text(".discinfo") != nil else {
            guard let name = claim.name else { return nil }
            guard let arch = claim.arch else { throw .unknownArchitecture(wanted: "<arch>") }
            return medium(name, arch, arch, disc: disc(lines, name))
        }
        func line(_ number: Int) -> String { number < lines.count ? lines[number] : "" }
        let description = line(1)
        guard let name = claim.name ?? self.name(description, treeInfo) else { return nil }
        let native = line(2)
        let arch = Architecture.ofEL(native)
        if let wanted = claim.arch, !arch.isEmpty, wanted != arch {
            throw .otherArchitecture(product: "distribution", wanted: wanted, found: arch)
        }
        guard let arch = claim.arch ?? (arch.isEmpty ? nil : arch) else { throw .unknownArchitecture(wanted: "<arch>") }
        return medium(name, arch, native.isEmpty ? arch : native, disc: disc(lines, name))
    }

    private static func medium(_ name: String, _ arch: String, _ native: String, disc: String) -> Recognised {
        Recognised(
            name: name, arch: arch, nativeArch: native, disc: disc, family: .el, codename: "", components: [],
            isLegacy: false, isLive: false)
    }

    private static func disc(_ lines: [String], _ name: String) -> String {
        if lines.count > 3, !lines[3].isEmpty { return lines[3] }
        let version = name.drop { !($0.isASCII && $0.isNumber) }
        let dotted = version.prefix { $0 == "." || ($0.isASCII && $0.isNumber) }
        return dotted.contains(".") ? String(dotted) : ""
    }

    /// The name that a description and `.treeinfo` give; nil when they are of another family.
    static func name(_ description: String, _ treeInfo: TreeInfo) -> String? {
        let words = description.split(separator: " ").map(String.init)
        for (prefix, base) in [
            ("CentOS Linux ", "centos"), ("CentOS Stream ", "centos-stream"), ("Rocky Linux ", "rocky"),
            ("AlmaLinux ", "alma"),
        ] where description.hasPrefix(prefix) {
            return version(description.dropFirst(prefix.count)).map { base + $0 }
        }
        if let mark = description.firstRange(of: "IBM_PowerKVM ") {
            return version(description[mark.upperBound...]).map { "pkvm" + $0 }
        }
        if description.contains("Red Hat Enterprise Linux") { return redHat(words, treeInfo) }
        for mark in ["Oracle Linux ", "OL-"] {
            guard let range = description.firstRange(of: mark) else { continue }
            return version(description[range.upperBound...]).map { "ol" + oracle($0) }
        }
        if description.contains("Fedora") {
            let parts = description.split { $0 == " " || $0 == "-" }
            return parts.count > 1 ? "fedora\(parts[1])" : nil
        }
        guard !description.isEmpty, description.allSatisfy({ $0 == "." || ($0.isASCII && $0.isNumber) }) else {
            return nil
        }
        let family = treeInfo["general", "family"] ?? treeInfo["release", "name"] ?? ""
        for (mark, base) in [("CentOS", "centos"), ("Rocky", "rocky"), ("Alma", "alma")] where family.contains(mark) {
            return base + description
        }
        return nil
    }

    private static func redHat(_ words: [String], _ treeInfo: TreeInfo) -> String? {
        guard let version = words.last, words.count >= 5 else { return nil }
        if treeInfo["general", "variant"] == "ComputeNode" { return "rhelhpc\(words[4])" }
        guard words.count > 5, words[4].lowercased() != "alternate" else { return "rhels\(version)" }
        return "rhels\(version)-\(words[4].lowercased())"
    }

    /// Digits and dots at the beginning.
    private static func version(_ text: Substring) -> String? {
        let digits = text.prefix { $0 == "." || ($0.isASCII && $0.isNumber) }
        return digits.isEmpty ? nil : String(digits)
    }

    /// `9.4.0` is written `9.4`.
    private static func oracle(_ version: String) -> String {
        let parts = version.split(separator: ".")
        return parts.count == 3 && parts[2] == "0" ? parts[..<2].joined(separator: ".") : version
    }
}
