internal import ArgumentParser
internal import CommandShell
internal import Definitions
internal import Settings
internal import Support
internal import SystemPackage

/// The questions that genimage asks when its command line names nothing.
struct GenimageDialog {
    private let cluster: Cluster

    init(_ cluster: Cluster) { self.cluster = cluster }

    func fill(_ request: inout GenimageRequest) throws {
        if try ask("Do you want to re-generate an existing image from the osimage table? [y/n] ").lowercased()
            .hasPrefix("y")
        {
            let names = try cluster.osimageNames().filter { name in
                try cluster.findOsimage(name)?.isDiskless == true
            }
            request.image = try choose("image", among: names)
            return
        }
        let folder = try cluster.installFolder
        let names = try cluster.settings.root.host(folder).directoryNames().map(\.printable).filter { name in
            ["debian", "ubuntu", "rhel", "centos", "rocky", "alma", "ol", "fedora", "SL", "sle", "leap"].contains {
                name.hasPrefix($0)
            }
        }
        guard !names.isEmpty else {
            try Console.print(
                "There are no OS repositories in \(folder.printable).  Please run copycds for the OS first.")
            throw ExitCode(1)
        }
        let osver = try choose("operating system", among: names)
        let images = try cluster.osimageNames().filter { $0.hasPrefix("\(osver)-") && $0.contains("-netboot-") }
        request.image = try choose("image", among: images)
        let nic = try ask("Which interface do nodes boot from? [as the node's firmware chooses] ")
        if !nic.isEmpty { request.overrides.append(("nodebootif", nic)) }
    }

    private func choose(_ what: String, among names: [String]) throws -> String {
        guard !names.isEmpty else {
            throw CommandFailure([Diagnostic("there is no \(what) to choose from", remedy: "run copycds first")])
        }
        for (index, name) in names.enumerated() { try Console.print("  \(index + 1)  \(name)") }
        let answer = try ask("Which \(what)? [1-\(names.count)] ")
        if let number = Int(answer), (1...names.count).contains(number) { return names[number - 1] }
        guard names.contains(answer) else {
            throw CommandFailure([
                Diagnostic("not one of the choices", subject: answer, remedy: "give a number from the list")
            ])
        }
        return answer
    }

    private func ask(_ question: String) throws -> String {
        try Console.write(question.utf8)
        return (readLine() ?? "").filter { !$0.isWhitespace }
    }
}
