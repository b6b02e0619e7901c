import Testing

@testable import RootImage

@Suite struct ZypperAnswerTests {
    @Test func `a summary tells what comes, goes and changes`() throws {
        let answer = try ZypperAnswer(
            """
            words of a script
            <?xml version='1.0'?><stream><install-summary packages-to-change="3">
            <to-install><solvable type="package" name="a" edition="1-1" arch="noarch" summary="x &gt; y"/>
            <solvable type="pattern" name="base" edition="1-1" arch="noarch"/></to-install>
            <to-upgrade><solvable type="package" name="b" edition="2-1" edition-old="1-1" arch="x86_64"/></to-upgrade>
            <to-remove><solvable type="package" name="c" edition="3-1" arch="x86_64"/></to-remove>
            </install-summary><message type="info">Additional rpm output:
            warning: %post(a-1-1.noarch) scriptlet failed, exit status 3
            </message></stream>
            """)
        #expect(
            answer.changes == [
                .init(name: "a", architecture: "noarch", edition: "1-1", oldEdition: nil, oldArchitecture: "noarch"),
                .init(name: "b", architecture: "x86_64", edition: "2-1", oldEdition: "1-1", oldArchitecture: "x86_64"),
                .init(name: "c", architecture: "x86_64", edition: nil, oldEdition: "3-1", oldArchitecture: "x86_64"),
            ])
        #expect(answer.scriptFailures == ["warning: %post(a-1-1.noarch) scriptlet failed, exit status 3"])
    }

    @Test func `names that mean nothing, and problems of the solver, are told apart`() throws {
        let answer = try ZypperAnswer(
            """
            <stream><message type="error">No provider of &apos;nosuch&apos; found.</message>
            <message type="info">Problem: nothing provides libx needed by y</message>
            <message type="error">disk is full</message></stream>
            """)
        #expect(answer.unknown == ["nosuch"])
        #expect(answer.problems == ["Problem: nothing provides libx needed by y"])
        #expect(answer.errors == ["disk is full"])
    }
}
