import Testing

@testable import RootImage

@Suite struct RpmDependenciesTests {
    private static let text = """
        N\ttop
        P\ttop
        R\tmiddle
        R\t(rich if other)
        N\tmiddle
        P\tmiddle
        R\t/bin/sh
        N\tshell
        P\tshell
        F\t/bin/sh
        N\trich
        P\trich
        N\tleaf
        P\tleaf
        W\tnice
        N\tnice
        P\tnice
        N\tcompanion
        P\tcompanion
        S\ttop
        R\t(none)
        """

    @Test func `what nothing else needs may go, with what only it needs`() {
        let dependencies = RpmDependencies(Self.text)
        let all: Set = ["middle", "shell", "rich", "leaf", "nice", "companion"]
        #expect(dependencies.unneeded(all, keepsRecommended: false) == ["companion", "leaf", "nice"])
        #expect(dependencies.unneeded(all, keepsRecommended: true) == ["leaf", "nice"])
        #expect(dependencies.unneeded(all.subtracting(["leaf"]), keepsRecommended: true) == [])
        #expect(
            dependencies.unneeded(all.union(["top"]), keepsRecommended: true)
                == ["companion", "leaf", "middle", "nice", "rich", "shell", "top"])
    }
}
