internal import Support
public import SystemPackage
public import Tables

/// An image definition: the rows of `osimage` and `linuximage` as one object.
public struct Osimage: Sendable {
    public let name: String
    /// Attributes that are set, under their column names.
    public let attributes: [String: String]

    init(_ name: String, _ rows: [Row]) {
        self.name = name
        var attributes: [String: String] = [:]
        for row in rows {
            for column in row.schema.columns where !["imagename", "comments", "disable"].contains(column) {
                attributes[column] = row[column]
            }
            if row.schema.name == "linuximage" { attributes["usercomment"] = row["comments"] }
        }
        self.attributes = attributes
    }

    /// An image that is not stored yet.
    public init(_ name: String, attributes: [String: String]) {
        (self.name, self.attributes) = (name, attributes)
    }

    /// An attribute of either table; nil when it is not set.
    public subscript(attribute: String) -> String? { attributes[attribute] }

    public var profile: String? { self["profile"] }
    public var osvers: String? { self["osvers"] }
    public var osarch: String? { self["osarch"] }
    /// `install`, `netboot` or `statelite`, as a rule.
    public var provmethod: String? { self["provmethod"] }
    /// Whether it has a root image here, which genimage makes.
    public var isDiskless: Bool { provmethod == "netboot" || provmethod == "statelite" }
    public var imagetype: String? { self["imagetype"] }
    public var rootfstype: String? { self["rootfstype"] }

    /// A comma list without blanks around the items and without empty items.
    public func list(_ attribute: String) -> [String] {
        (self[attribute] ?? "").split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
    }

    /// Where the image is built, as stored: `rootimgdir`, else `<installdir>/netboot/<osvers>/<osarch>/<profile>`.
    ///
    /// Nil when neither can be told.
    public func rootimgdir(_ cluster: Cluster) throws(StoreError) -> FilePath? {
        if let folder = self["rootimgdir"] { return FilePath(folder) }
        guard let osvers, let osarch, let profile else { return nil }
        return FilePath("\(try cluster.installFolder)/netboot/\(osvers)/\(osarch)/\(profile)")
    }

    /// `pkgdir` as a list, else `<installdir>/<osvers>/<osarch>`.
    public func pkgdirs(_ cluster: Cluster) throws(StoreError) -> [String] {
        let given = list("pkgdir")
        guard given.isEmpty, let osvers, let osarch else { return given }
        return ["\(try cluster.installFolder)/\(osvers)/\(osarch)"]
    }

    /// `otherpkgdir` as a list, else `<installdir>/post/otherpkgs/<osvers>/<osarch>`.
    public func otherpkgdirs(_ cluster: Cluster) throws(StoreError) -> [String] {
        let given = list("otherpkgdir")
        guard given.isEmpty, let osvers, let osarch else { return given }
        return ["\(try cluster.installFolder)/post/otherpkgs/\(osvers)/\(osarch)"]
    }
}

extension Cluster {
    /// The image of this name; nil when there is none.
    public func findOsimage(_ name: String) throws(StoreError) -> Osimage? {
        let rows = try rows("osimage", "imagename", name)
        guard let row = rows.first, !name.isEmpty else { return nil }
        return Osimage(name, [row] + (try self.rows("linuximage", "imagename", name).prefix(1)))
    }

    /// The image of this name.
    /// - Throws: `DefinitionError.noSuchObject`, `StoreError`.
    public func osimage(_ name: String) throws -> Osimage {
        guard let image = try findOsimage(name) else { throw DefinitionError.noSuchObject("osimage", name) }
        return image
    }

    /// Names of all images, sorted by bytes.
    public func osimageNames() throws(StoreError) -> [String] {
        try store.rows("osimage").compactMap { $0["imagename"] }.sortedByBytes()
    }
}
