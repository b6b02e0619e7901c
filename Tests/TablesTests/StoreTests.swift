import Support
import SystemPackage
import Tables
import TestSupport
import Testing

/// The store keeps rows as they were put in, and all of a batch or nothing.
@Suite(.scratchDirectory) struct StoreTests {
    private func store(_ kind: StoreKind, _ build: (inout TableBatch) -> Void) throws -> any Store {
        let store = try StoreLocation(try kind.makeLocation()).writer()
        var batch = TableBatch()
        build(&batch)
        try store.apply(batch)
        return store
    }

    @Test func `a store that does not exist reads as empty and is not made`() throws {
        let location = try StoreKind.sqlite.makeLocation()
        #expect(try StoreLocation(location).reader().rows("site").isEmpty)
        #expect(!FilePath(location).exists)
    }

    @Test func `a writer makes the store for its owner alone`() throws {
        _ = try store(.sqlite) { $0.set("site", ["key": "domain"], ["value": "x"]) }
        let location = try StoreKind.sqlite.makeLocation()
        #expect(try #require(try FilePath(location).status()).permissions == 0o600)
        #expect(try StoreLocation(location).reader().row("site", ["key": "domain"])?["value"] == "x")
    }

    @Test(arguments: StoreKind.available)
    func `rows keep the order in which they were added, also after a change`(kind: StoreKind) throws {
        let store = try store(kind) {
            for name in ["b", "a", "c"] { $0.set("site", ["key": name], ["value": "1"]) }
            $0.set("site", ["key": "a"], ["value": "2"])
        }
        #expect(try store.rows("site").map { $0["key"] } == ["b", "a", "c"])
    }

    @Test(arguments: StoreKind.available)
    func `an empty value is not set`(kind: StoreKind) throws {
        let store = try store(kind) { $0.set("osimage", ["imagename": "i"], ["profile": "p", "osvers": ""]) }
        let row = try #require(try store.row("osimage", ["imagename": "i"]))
        #expect(row["osvers"] == nil && row["profile"] == "p")
        #expect(try store.rows("osimage", ["osvers": ""]).count == 1)
    }

    @Test(
        arguments: StoreKind.available,
        [
            ("yes", false), ("1", false), ("0", true), ("no", true), ("No", true), ("", true), ("off", false),
        ])
    func `disable switches a row off unless it says no`(
        kind: StoreKind, value: (text: String, isEnabled: Bool)
    ) throws {
        let store = try store(kind) { $0.set("site", ["key": "k"], ["value": "v", "disable": value.text]) }
        #expect(try store.rows("site").isEmpty != value.isEnabled)
        #expect(try store.rows("site", includingDisabled: true).count == 1)
    }

    @Test(arguments: StoreKind.available)
    func `a conflict leaves everything as it was and says why`(kind: StoreKind) throws {
        let store = try store(kind) { $0.set("site", ["key": "k"], ["value": "1"]) }
        var batch = TableBatch()
        batch.set("site", ["key": "other"], ["value": "2"])
        batch.expect("site", ["key": "k"], ["value": "0"])
        let conflict = TableConflict(
            table: "site", row: "key=k", reason: .holds(column: "value", found: "1", expected: "0"))
        #expect(throws: StoreError.conflict(conflict)) { try store.apply(batch) }
        #expect(try store.row("site", ["key": "other"]) == nil)
    }

    @Test(arguments: StoreKind.available)
    func `what must be absent or present is checked`(kind: StoreKind) throws {
        let store = try store(kind) { $0.set("site", ["key": "k"], ["value": "1"]) }
        var absent = TableBatch()
        absent.absent("site", ["key": "k"])
        #expect(throws: StoreError.self) { try store.apply(absent) }
        var present = TableBatch()
        present.present("site", ["key": "nosuch"])
        #expect(throws: StoreError.self) { try store.apply(present) }
    }

    @Test(arguments: StoreKind.available)
    func `a second row of a key is refused by name`(kind: StoreKind) throws {
        let store = try store(kind) { $0.insert("networks", ["netname": "n", "net": "10.0.0.0", "mask": "255.0.0.0"]) }
        var batch = TableBatch()
        batch.insert("networks", ["netname": "m", "net": "10.0.0.0", "mask": "255.0.0.0"])
        #expect(throws: StoreError.duplicateKey(table: "networks", key: "net=10.0.0.0 mask=255.0.0.0")) {
            try store.apply(batch)
        }
    }

    @Test(arguments: StoreKind.available)
    func `unknown tables and columns are refused, whatever their names hold`(kind: StoreKind) throws {
        let store = try store(kind) { _ in }
        var batch = TableBatch()
        batch.set("site", ["key": "k"], ["value\" = '1'; DROP TABLE site; --": "x"])
        #expect(throws: StoreError.self) { try store.apply(batch) }
        #expect(throws: StoreError.unknownTable("nosuch")) { try store.rows("nosuch") }
        #expect(try store.rows("site").isEmpty)
    }

    @Test(arguments: StoreKind.available)
    func `hostile values come back as they are`(kind: StoreKind) throws {
        let value = "'; DROP TABLE site; -- \"\t\n\\ é \u{1F600} $(rm -rf /)"
        let store = try store(kind) { $0.set("site", ["key": "k"], ["value": value]) }
        #expect(try store.row("site", ["key": "k"])?["value"] == value)
    }

    /// Rows as a list, with the same operations.
    private struct RowList {
        var rows: [[String: String]] = []
        let keys: [String]

        /// Whether the operation can be carried out; keys that are set are there once, the first of them in every row.
        mutating func apply(_ operation: TableBatch.Operation) -> Bool {
            func holds(_ row: [String: String], _ cells: [Cell]) -> Bool {
                cells.allSatisfy { row[$0.column] ?? "" == $0.value }
            }
            func filled(_ row: [String: String], _ cells: [Cell]) -> [String: String] {
                cells.reduce(into: row) { $0[$1.column] = $1.value.isEmpty ? nil : $1.value }
            }
            switch operation {
            case .set(_, let matches, let values):
                let found = rows.indices.filter { holds(rows[$0], matches) }
                for index in found { rows[index] = filled(rows[index], values) }
                if found.isEmpty, values.isEmpty || !values.allSatisfy(\.value.isEmpty) {
                    rows.append(filled(filled([:], matches), values))
                }
            case .insert(_, let values): rows.append(filled([:], values))
            case .delete(_, let matches): rows.removeAll { holds($0, matches) }
            default: break
            }
            if rows.contains(where: { $0[keys[0]] == nil }) { return false }
            let taken = rows.map { row in keys.compactMap { row[$0] } }.filter { $0.count == keys.count }
            return Set(taken).count == taken.count
        }
    }

    @Test(arguments: StoreKind.available)
    func `a store does what a list of rows would do`(kind: StoreKind) throws {
        let store = try store(kind) { _ in }
        let schema = try TableSchema.require("switch")
        var list = RowList(keys: schema.keys)
        var generator = FuzzText(seed: 11)
        func cells(_ columns: [String], _ generator: inout FuzzText) -> [Cell] {
            columns.map { Cell($0, ["", "1", "2"][generator.number(below: 3)]) }
        }
        for _ in 0..<FuzzText.count(kind == .sqlite ? 4000 : 1000) {
            let matched = [schema.keys, schema.keys.reversed(), ["node"], ["node", "vlan"]][generator.number(below: 4)]
            let set = [["vlan"], ["vlan", "interface"], [], ["port", "vlan"]][generator.number(below: 4)]
            let operation: TableBatch.Operation =
                switch generator.number(below: 8) {
                case 0: .insert(schema.name, values: cells(schema.keys + ["vlan"], &generator))
                case 1: .delete(schema.name, matches: cells(matched, &generator))
                default:
                    .set(schema.name, matches: cells(matched, &generator), values: cells(set, &generator))
                }
            var changed = list
            if changed.apply(operation) {
                try store.apply(TableBatch([operation]))
                list = changed
            } else {
                #expect(throws: StoreError.self) { try store.apply(TableBatch([operation])) }
            }
            let rows = try store.rows(schema).map { row in
                schema.columns.reduce(into: [String: String]()) { $0[$1] = row[$1] }
            }
            #expect(rows == list.rows, "\(operation)")
            if rows != list.rows { return }
        }
    }

    @Test func `a file that is no store is told apart`() throws {
        let path = try Scratch.write(String(repeating: "not a database\n", count: 100), to: "text.sqlite")
        #expect(throws: StoreError.notAStore(path.printable)) { try StoreLocation(path.printable).reader() }
    }

    @Test(arguments: StoreKind.available)
    func `every table of the schema can be read and written`(kind: StoreKind) throws {
        let store = try store(kind) { _ in }
        for schema in TableSchema.all where !schema.isNumbered {
            var batch = TableBatch()
            batch.append(.set(schema.name, matches: schema.keys.map { Cell($0, "k") }, values: []))
            try store.apply(batch)
            #expect(try store.rows(schema).count == 1, "\(schema.name)")
        }
    }

    @Test func `other programs read the store too`() throws {
        _ = try store(.sqlite) { $0.set("site", ["key": "domain"], ["value": "x"]) }
        guard Tool.isInstalled("sqlite3") else { return }
        let output = try Tool(
            "sqlite3", [Word(try StoreKind.sqlite.makeLocation()), "SELECT value FROM site; PRAGMA integrity_check"]
        )
        .output()
        #expect(output.text == "x\nok\n")
    }
}
