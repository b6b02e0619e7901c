internal import Support
public import SystemPackage

/// Names of kernel modules and their files.
public enum ModuleName {
    /// How a module's file may be compressed.
    public static let compressions = [".gz", ".xz", ".zst"]

    /// Without folder and suffixes, spelled with `_`, as the kernel knows it: `mlx4-en.ko.xz` is `mlx4_en`.
    public static func normalised(_ name: String) -> String {
        String(withoutSuffixes(name).map { $0 == "-" ? "_" : $0 })
    }

    /// `mlx4-en.ko.xz` is `mlx4-en`.
    public static func withoutSuffixes(_ name: String) -> String {
        var name = name
        for suffix in compressions + [".ko"] where name.hasSuffix(suffix) { name.removeLast(suffix.count) }
        return name
    }

    /// Whether a file of this name is a module: `.ko`, `.ko.gz`, `.ko.xz` or `.ko.zst`.
    public static func isModule(_ file: FilePath) -> Bool {
        let name = file.lastName.printable
        return ([""] + compressions).contains { name.hasSuffix(".ko" + $0) && name.utf8.count > 3 + $0.utf8.count }
    }
}
