import Support
import Tables

#if canImport(Glibc)
    import Glibc
#endif

// store-worker LOCATION KEY COUNT - adds 1 to a setting of the table site COUNT times, each time only if it still holds
// what was read, as many of these do at once. A process for the tests of concurrent writers.
let arguments = CommandLine.arguments
guard arguments.count == 4, let count = Int(arguments[3]) else { exit(2) }
let (location, key) = (StoreLocation(arguments[1]), arguments[2])
do {
    let store = try location.writer()
    let site = try TableSchema.require("site")
    for _ in 0..<count {
        for attempt in 0... {
            let value = try store.rows(site, [Cell("key", key)]).first?["value"] ?? ""
            var batch = TableBatch()
            batch.expect("site", ["key": key], ["value": value])
            batch.set("site", ["key": key], ["value": "\((Int(value) ?? 0) + 1)"])
            do {
                try store.apply(batch)
                break
            } catch {
                guard case .conflict = error else { throw error }
                // Who lost lets the others go ahead, longer each time.
                usleep(UInt32.random(in: 0..<(1000 << UInt32(min(attempt, 7)))))
            }
        }
    }
} catch {
    print("\(error)")
    exit(1)
}
