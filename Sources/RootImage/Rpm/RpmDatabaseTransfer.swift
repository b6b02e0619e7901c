internal import Sandbox
internal import Support
internal import SystemPackage

/// Brings the database of a tree from one format of rpm's into another, by `rpmdb --exportdb` and `--importdb`.
///
/// This machine's rpm and the image's may be years apart. While packages are installed the database has a format that this machine can
/// write; afterwards it is made anew by the image's own rpm, in its own format, in the same order and with times that do not depend on
/// when it was made.
struct RpmDatabaseTransfer {
    private let workspace: RpmWorkspace
    private let program: PackageProgram

    init(_ workspace: RpmWorkspace, _ program: PackageProgram) {
        self.workspace = workspace
        self.program = program
    }

    /// Berkeley DB: today's rpm only reads it, if that.
    func makeWritable(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        guard let database = try RpmDatabase(tree: tree), database.file.lastName == "Packages" else { return }
        let exported = try export(tree, database, byImage: hasProgram("rpmdb", in: tree), lock)
        try replace(database, try imported(exported, nil, lock))
    }

    func settle(_ tree: FilePath, _ lock: borrowing ImageLock) throws {
        guard let database = try RpmDatabase(tree: tree) else { return }
        let packages = try database.packages()
        let file = try export(tree, database, byImage: false, lock)
        var headers = try file.readBytes(limit: 1 << 30)
        guard RpmHeader.settleTimes(&headers) else { throw RpmDatabaseError.damaged(file) }
        try AtomicFile.write(headers, to: file)
        let ownProgram = try hasProgram("rpmdb", in: tree) ? tree : nil
        try replace(database, try imported(file, ownProgram, lock))
        try move(database, tree, lock)
        try verify(tree, packages, lock)
    }

    private func hasProgram(_ name: String, in tree: FilePath) throws -> Bool { try ImagePrograms(tree).has(name) }

    private func export(
        _ tree: FilePath, _ database: RpmDatabase, byImage: Bool, _ lock: borrowing ImageLock
    ) throws -> FilePath {
        let file = workspace.folder.joined("headers")
        let output = try AtomicFile(replacing: file)
        let path = byImage ? Word(database.place) : Word(database.folder)
        let ending = try workspace.sandbox(tree, view: byImage ? .inside : .around).run(
            ["rpmdb", "--dbpath", path, "--exportdb"], holding: lock, output: .descriptor(output.descriptor),
            errors: .descriptor(try PackageLog(program.logFile).descriptor))
        guard ending.isSuccess else { throw RpmDatabaseError.unreadable(database.folder, "") }
        try output.commit()
        return file
    }

    /// A folder with a new database that holds `headers`, made by the rpm of `tree`, or by this machine's when nil.
    private func imported(_ headers: FilePath, _ tree: FilePath?, _ lock: borrowing ImageLock) throws -> FilePath {
        let folder = workspace.folder.joined("rpmdb")
        try folder.removeTree()
        try folder.createDirectories()
        let sandbox = workspace.sandbox(tree ?? workspace.emptyTree, view: tree == nil ? .around : .inside)
        let input = try FileError.wrap("open", headers) {
            try FileDescriptor.open(headers, .readOnly, options: .closeOnExec)
        }
        defer { try? input.close() }
        let log = Tool.Stream.descriptor(try PackageLog(program.logFile).descriptor)
        let ending = try sandbox.run(
            ["rpmdb", "--dbpath", Word(RpmWorkspace.place.joined("rpmdb")), "--importdb"], holding: lock,
            input: .descriptor(input), output: log, errors: log)
        guard ending.isSuccess else {
            // An rpm that cannot import can at least read what this machine's makes, or `verify` says so.
            guard tree != nil else { throw RpmDatabaseError.damaged(headers) }
            return try imported(headers, nil, lock)
        }
        return folder
    }

    private func replace(_ database: RpmDatabase, _ folder: FilePath) throws {
        for name in try folder.directoryNames()
        where name.bytes.first == UInt8(ascii: ".") || name.bytes.suffix(4).elementsEqual("-shm".utf8)
            || name.bytes.suffix(4).elementsEqual("-wal".utf8)
        {
            try folder.joined(name).removeFile()
        }
        let permissions = try database.folder.status()?.permissions ?? 0o755
        try folder.changePermissions(permissions)
        try folder.exchange(with: database.folder)
        try folder.removeTree()
    }

    /// For the image's own rpm as it will run on a node, without our macros.
    private func ownSandbox(_ tree: FilePath) -> ImageSandbox {
        var sandbox = workspace.sandbox(tree, view: .inside)
        sandbox.environment["HOME"] = "/root"
        return sandbox
    }

    /// Puts the database where the image's own rpm looks for it.
    private func move(_ database: RpmDatabase, _ tree: FilePath, _ lock: borrowing ImageLock) throws {
        guard try hasProgram("rpm", in: tree) else { return }
        let captured = try ownSandbox(tree).capture(
            ["rpm", "--eval", "%{_dbpath}"], holding: lock)
        guard captured.ending.isSuccess, let own = captured.lines.first, own.hasPrefix("/") else { return }
        let target = try RootFolder(tree).host(FilePath(String(own)))
        guard target != database.folder else { return }
        try target.createDirectories()
        try database.folder.exchange(with: target)
        for name in RpmDatabase.files { try database.folder.joined(name).removeFile() }
    }

    /// The image's own rpm must see what this machine's saw.
    private func verify(_ tree: FilePath, _ packages: [RpmPackage], _ lock: borrowing ImageLock) throws {
        let after = try RpmDatabase(tree: tree)?.packages() ?? []
        guard Set(after) == Set(packages) else { throw RpmDatabaseError.differs(Self.missing(packages, after)) }
        guard try hasProgram("rpm", in: tree) else { return }
        let captured = try ownSandbox(tree).capture(
            ["rpm", "--nodigest", "--nosignature", "-qa", "--qf", Word(RpmDatabase.format)], holding: lock)
        let seen = RpmDatabase.parse(captured)
        guard captured.ending.isSuccess, Set(seen) == Set(packages) else {
            throw RpmDatabaseError.differs(Self.missing(packages, seen))
        }
        // Reading can leave files of its own.
        guard let database = try RpmDatabase(tree: tree) else { return }
        for name in [".rpm.lock", "rpmdb.sqlite-shm", "rpmdb.sqlite-wal"] as [FilePath] {
            try database.folder.joined(name).removeFile()
        }
    }

    private static func missing(_ wanted: [RpmPackage], _ seen: [RpmPackage]) -> [String] {
        let seen = Set(seen)
        return wanted.filter { !seen.contains($0) }.map(\.label)
    }
}
