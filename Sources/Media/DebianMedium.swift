/// Debian and Ubuntu: `.disk/info`, one line that debian-cd and Ubuntu's builder write.
enum DebianMedium: MediumFamily {
    static func recognise(_ facts: MediumFacts, _ claim: Claim) throws(RecognitionRefusal) -> Recognised? {
        if let name = claim.name?.lowercased(), !["debian", "ubuntu"].contains(where: { name.hasPrefix($0) }) {
            return nil
        }
        guard let line = facts.lines(".disk/info").first, let parsed = DiskInfo(line) else { return nil }
        let arch = Architecture.ofDebian(parsed.arch)
        if let wanted = claim.arch, wanted != arch, wanted != parsed.arch {
            throw .otherArchitecture(product: "Debian", wanted: wanted, found: arch)
        }
        let isUbuntu = parsed.product == "ubuntu"
        let name = claim.name ?? parsed.product + parsed.version
        let releases = facts.names("dists").filter { facts.text("dists/\($0)/Release") != nil }
        return Recognised(
            name: name, arch: claim.arch ?? arch, nativeArch: parsed.arch,
            disc: isUbuntu ? diskNumber(facts) : parsed.disc, family: .debian, codename: releases.first ?? "",
            components: releases.first.map { components(facts, $0) } ?? [],
            isLegacy: isUbuntu && parsed.version.hasPrefix("20.04") && facts.has("install/vmlinuz"),
            isLive: facts.has("casper/install-sources.yaml")
                || facts.names("casper").contains { $0.hasSuffix(".squashfs") },
            isNetinst: parsed.isNetinst)
    }

    /// `#define DISKNUM  1` of README.diskdefines.
    private static func diskNumber(_ facts: MediumFacts) -> String {
        for line in facts.lines("README.diskdefines") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.count >= 3, words[1] == "DISKNUM" { return String(words[2]) }
        }
        return ""
    }

    private static func components(_ facts: MediumFacts, _ release: String) -> [String] {
        let line = facts.lines("dists/\(release)/Release").first { $0.hasPrefix("Components:") } ?? ""
        return line.dropFirst(11).split(whereSeparator: \.isWhitespace).map(String.init)
    }
}

/// The words of `.disk/info`, e.g. `Debian GNU/Linux 12.5.0 "Bookworm" - Official amd64 DVD Binary-1 with firmware …`
/// or `Ubuntu-Server 22.04.3 LTS "Jammy Jellyfish" - Release amd64 (20230810)`.
struct DiskInfo: Equatable {
    var product: String
    var version: String
    var arch: String
    var disc: String
    var isNetinst: Bool

    init?(_ line: String) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        func word(_ number: Int) -> String { number <= words.count ? words[number - 1] : "" }
        let place: Int
        switch word(1) {
        case "Ubuntu", "Ubuntu-Server":
            (product, version) = ("ubuntu", word(2))
            place = word(3) == "LTS" ? 8 : 7
        case "Debian":
            (product, version) = ("debian", word(3))
            place = 7
        default: return nil
        }
        guard !version.isEmpty else { return nil }
        // Code names of one or three words and snapshots shift the architecture: then it is the word that is one.
        let known = ["amd64", "arm64", "ppc64el", "s390x", "riscv64", "i386", "armhf", "armel", "powerpc", "mips64el"]
        let found =
            known.contains(word(place)) ? place : words.firstIndex { known.contains($0) }.map { $0 + 1 } ?? place
        arch = word(found)
        disc = product == "debian" ? word(found + 2) : ""
        isNetinst = word(found + 1) == "NETINST"
        // Of a network image the word here is no number of a disc.
        if disc.first?.isLetter != true || !disc.contains(where: { $0.isASCII && $0.isNumber }) { disc = "" }
    }
}
