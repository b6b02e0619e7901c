import CommandList
import Support
import SystemPackage
import TestSupport
import Testing

/// What is told about the commands of xCAT is true, and the manual says the same.
@Suite struct XCATCommandTests {
    @Test func `names are sorted and unique, and only those that are the same need no text`() {
        let names = XCATCommand.all.map(\.name)
        #expect(names.count > 150)
        #expect(zip(names, names.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        for command in XCATCommand.all {
            #expect(command.text.isEmpty == (command.state == .same), "\(command.name)")
        }
    }

    @Test func `a command is absent when catboat has none of that name, and only then`() {
        for command in XCATCommand.all {
            let isThere = CommandList.entry(named: command.name) != nil
            if command.state == .absent {
                #expect(!isThere, "\(command.name) is there: say in xcat-commands.txt what is different")
            } else {
                #expect(isThere, "\(command.name) is not there")
            }
        }
        for entry in CommandList.entries where entry.commandClass == .porcelain {
            #expect(XCATCommand.named(entry.name) != nil, "\(entry.name) has no line in xcat-commands.txt")
        }
    }

    @Test func `the manual has the same lines`() throws {
        let page = try Catboat.projectFolder.joined("man/man7/catboat-from-xcat.7").readText()
        let lines = page.split(separator: "\n").map(String.init)
        let told = lines.indices.filter { lines[$0].hasPrefix(".It Ic ") }.map { index in
            lines[index].dropFirst(".It Ic ".count) + " " + lines[index + 1]
        }
        let expected = XCATCommand.all.map { command in
            "\(command.name) \(command.state.rawValue)\(command.text.isEmpty ? "" : ": \(command.text)")"
        }
        #expect(told.map { String($0) } == expected)
    }

    @Test func `an absent command says what to use instead`() throws {
        let result = try Catboat()("xdsh")
        #expect(
            result
                == Catboat.Result(
                    status: 1, stdout: "",
                    stderr: "catboat: error: xCAT's command is not in catboat: 'xdsh': "
                        + "use clush or pdsh with the output of nodels RANGE\n"))
    }
}
