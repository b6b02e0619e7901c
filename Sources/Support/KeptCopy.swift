public import SystemPackage

/// Names of the copies that an import keeps of other files, beside these. A hook of such a name does not run.
public enum KeptCopy {
    /// Of a file that was replaced: `NAME.ORIG`, then `NAME.ORIG.1`, …
    public static func replaced(_ path: FilePath, _ number: Int) -> FilePath {
        FilePath(bytes: path.bytes + Array((number == 0 ? ".ORIG" : ".ORIG.\(number)").utf8))
    }

    /// Of a file that somebody edited while an import was not done: `NAME.edited-1`, …
    public static func edited(_ path: FilePath, _ number: Int) -> FilePath {
        FilePath(bytes: path.bytes + Array(".edited-\(number)".utf8))
    }

    public static func isName(_ name: FilePath) -> Bool {
        name.printable.wholeMatch(of: /.+\.(ORIG(\.[0-9]+)?|edited-[0-9]+)/) != nil
    }
}
