/// Which command takes up a change of an image's recipe.
public enum BuildNeed: String, Sendable, CaseIterable {
    case genimage, packimage

    /// For a change of an attribute of an osimage; nil when what was built stays right: nodeset or the node reads it.
    public init?(ofAttribute name: String) {
        if Self.ofNodes.contains(name) { return nil }
        self = Self.ofPacking.contains(name) ? .packimage : .genimage
    }

    private static let ofPacking: Set = ["exlist", "synclists"]
    private static let ofNodes: Set = [
        "addkcmdline", "boottarget", "crashkernelsize", "description", "dump", "groups", "isdeletable", "nfsrootopts",
        "postbootscripts", "postscripts", "serverrole", "usercomment",
    ]

    /// The one that comes first: genimage is followed by packimage in any case.
    public static func first(of needs: some Sequence<BuildNeed?>) -> BuildNeed? {
        needs.contains(.genimage) ? .genimage : needs.contains(.packimage) ? .packimage : nil
    }
}
