internal import Definitions

/// The order in which nodes must be made so that groups list their members as a file does.
///
/// Members stand in the order of the nodes' rows. Lists of one site agree with each other; where lists do not, the file's
/// own order is kept.
struct MemberOrder {
    private var lists: [[String]]

    init(_ groups: [ObjectDraft]) {
        lists = groups.compactMap { $0["members"]?.split(separator: ",").map(String.init) }
    }

    /// Nodes in the order of the lists, other objects where they are.
    func sorted(_ drafts: [ObjectDraft]) -> [ObjectDraft] {
        let places = drafts.indices.filter { drafts[$0].type.isNode }
        if places.isEmpty || lists.isEmpty { return drafts }
        guard let order = order(of: places.map { drafts[$0].name }) else { return drafts }
        let byName = Dictionary(places.map { (drafts[$0].name, drafts[$0]) }, uniquingKeysWith: { first, _ in first })
        var result = drafts
        for (place, name) in zip(places, order) { if let draft = byName[name] { result[place] = draft } }
        return result
    }

    /// Names sorted so that each list is in its order, else in the given one; nil when that cannot be.
    private func order(of names: [String]) -> [String]? {
        let positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        guard positions.count == names.count else { return nil }
        var followers: [Set<Int>] = Array(repeating: [], count: names.count)
        var waiting = Array(repeating: 0, count: names.count)
        for list in lists {
            let known = list.compactMap { positions[$0] }
            for (first, second) in zip(known, known.dropFirst()) where followers[first].insert(second).inserted {
                waiting[second] += 1
            }
        }
        // Those that may come next, the earliest of the file last.
        var ready = names.indices.filter { waiting[$0] == 0 }.reversed().map { $0 }
        var result: [String] = []
        while let next = ready.popLast() {
            result.append(names[next])
            for follower in followers[next].sorted(by: >) {
                waiting[follower] -= 1
                if waiting[follower] == 0 { ready.append(follower) }
            }
        }
        return result.count == names.count ? result : nil
    }
}
