internal import Archive
internal import Support
internal import SystemPackage

/// Reads a squashfs file through `unsquashfs -pf`, which prints every inode as a line and then the data of all files in
/// that order. Extended attributes are not in it.
final class SquashfsReader: ArchiveReader {
    private let running: RunningTool
    private let tool: Tool
    private let source: FileSource
    private let pipe: FileDescriptor
    private var members: ArraySlice<ArchiveMember> = []
    private var remaining: UInt64 = 0
    private var leftover: ArraySlice<UInt8> = []
    private var isWaited = false

    init(_ file: FilePath, _ descriptor: FileDescriptor) throws {
        let size = try descriptor.status(of: file).size
        guard UInt64(size) >= (try SquashfsTop.usedBytes(descriptor, file)) else {
            throw ArchiveError.truncated(format: "squashfs")
        }
        tool = Tool(
            "unsquashfs",
            ["-quiet", "-no-progress", "-strict-errors", "-pf", "/dev/stdout", Word(file.absolute)])
        let ends = try FileDescriptor.pipe()
        pipe = ends.readEnd
        source = FileSource(pipe, file)
        do {
            running = try tool.start(output: .descriptor(ends.writeEnd))
        } catch {
            try? ends.readEnd.close()
            try? ends.writeEnd.close()
            throw error
        }
        // Ours must be closed, or the end of what it prints is never seen.
        try? ends.writeEnd.close()
        members = try Self.parse(headLines())[...]
    }

    deinit {
        try? pipe.close()
        // Not read to the end: it dies of the broken pipe.
        if !isWaited { _ = try? running.wait() }
    }

    func next() throws -> ArchiveMember? {
        var skipped = [UInt8](repeating: 0, count: 1 << 16)
        while remaining > 0 { _ = try skipped.withUnsafeMutableBytes { try read(into: $0) } }
        guard let member = members.popFirst() else {
            try finish()
            return nil
        }
        remaining = member.size
        return member
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if remaining == 0 { return 0 }
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: remaining)))
        let count = leftover.isEmpty ? try source.read(into: part) : min(part.count, leftover.count)
        if !leftover.isEmpty {
            part.copyBytes(from: leftover.prefix(count))
            leftover = leftover.dropFirst(count)
        }
        guard count > 0 else { throw ArchiveError.truncated(format: "squashfs") }
        remaining -= UInt64(count)
        return count
    }

    private func finish() throws {
        if isWaited { return }
        isWaited = true
        var rest = [UInt8](repeating: 0, count: 4096)
        while try rest.withUnsafeMutableBytes({ try source.read(into: $0) }) > 0 {}
        let ending = try running.wait()
        guard ending.isSuccess else {
            throw ArchiveError.malformed(format: "squashfs", what: "unsquashfs \(ToolError.told(ending))")
        }
    }

    /// Everything before the data; what was read of the data already goes to `leftover`.
    private func headLines() throws -> [UInt8] {
        let mark = Array("\n#\n# START OF DATA - DO NOT MODIFY\n#\n".utf8)
        var head: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        var searched = 0
        while true {
            let count = try block.withUnsafeMutableBytes { try source.read(into: $0) }
            // An image without data has no mark.
            if count == 0 { return head }
            head += block[..<count]
            while searched + mark.count <= head.count {
                if head[searched] == mark[0], head[searched..<(searched + mark.count)].elementsEqual(mark) {
                    leftover = head[(searched + mark.count)...]
                    return Array(head[...searched])
                }
                searched += 1
            }
        }
    }

    private static func parse(_ head: [UInt8]) throws -> [ArchiveMember] {
        var members: [ArchiveMember] = []
        var carried: [UInt8] = []
        for line in head.split(separator: 0x0a) where line.first != UInt8(ascii: "#") || !carried.isEmpty {
            let text = carried + line
            if let member = PseudoLine(text)?.member {
                members.append(member)
                carried = []
            } else {
                // A name with a newline goes on in the next line.
                carried = text + [0x0a]
            }
        }
        guard carried.isEmpty, !members.isEmpty else {
            throw ArchiveError.malformed(format: "squashfs", what: String(decoding: carried, as: UTF8.self))
        }
        return members
    }
}

/// `NAME TYPE TIME MODE UID GID [MORE]`, or `NAME L TARGET` for a hard link; blanks and backslashes of names escaped.
private struct PseudoLine {
    let member: ArchiveMember

    init?(_ line: [UInt8]) {
        guard let (name, rest) = Self.name(line[...]) else { return nil }
        let path = name == [UInt8(ascii: "/")] ? PackPlan.top : name
        if rest.starts(with: "L ".utf8) {
            var member = ArchiveMember(path: path, kind: .regular)
            member.hardLink = Self.name(rest.dropFirst(2) + [0x20])?.0
            self.member = member
            return
        }
        let fields = rest.split(separator: 0x20, maxSplits: 5, omittingEmptySubsequences: true)
        guard fields.count >= 5, fields[0].count == 1, let type = fields[0].first,
            let kind = Self.kind(type, fields.last),
            let time = Self.number(fields[1]), let mode = UInt32(Self.text(fields[2]), radix: 8),
            let owner = Self.number(fields[3]), let group = Self.number(fields[4])
        else { return nil }
        var member = ArchiveMember(path: path, kind: kind, permissions: mode)
        member.modified = time
        (member.owner, member.group) = (UInt32(clamping: owner), UInt32(clamping: group))
        let more = fields.count > 5 ? fields[5] : []
        let numbers = more.split(separator: 0x20).compactMap { Self.number($0) }
        switch kind {
        case .regular:
            guard let size = numbers.first, size >= 0 else { return nil }
            member.size = UInt64(size)
        case .symbolicLink: member.linkTarget = Array(more)
        case .characterDevice, .blockDevice:
            guard numbers.count == 2 else { return nil }
            member.device = ArchiveMember.Device(
                major: UInt32(clamping: numbers[0]), minor: UInt32(clamping: numbers[1]))
        default: break
        }
        self.member = member
    }

    /// The unescaped name and what follows its blank.
    private static func name(_ line: ArraySlice<UInt8>) -> ([UInt8], ArraySlice<UInt8>)? {
        var name: [UInt8] = []
        var index = line.startIndex
        while index < line.endIndex, line[index] != 0x20 {
            if line[index] == UInt8(ascii: "\\"), index + 1 < line.endIndex { index += 1 }
            name.append(line[index])
            index += 1
        }
        guard index < line.endIndex, !name.isEmpty else { return nil }
        return (name, line[(index + 1)...])
    }

    private static func kind(_ type: UInt8, _ last: ArraySlice<UInt8>?) -> FileStatus.Kind? {
        switch type {
        case UInt8(ascii: "D"): .directory
        case UInt8(ascii: "R"): .regular
        case UInt8(ascii: "S"): .symbolicLink
        case UInt8(ascii: "C"): .characterDevice
        case UInt8(ascii: "B"): .blockDevice
        case UInt8(ascii: "I"): last?.elementsEqual("s".utf8) == true ? .socket : .fifo
        default: nil
        }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field, as: UTF8.self) }
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? { Int64(text(field)) }
}
