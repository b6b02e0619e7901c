/// The functions that value expressions may call.
enum ArithmeticFunctions {
    /// The result; nil for an unknown function or arguments that make no sense.
    static func call(_ name: String, _ arguments: [Arithmetic.Value]) -> Arithmetic.Value? {
        switch name {
        case "sprintf": return arguments.first.flatMap { format($0.text, arguments.dropFirst()) }
        case "a2idx": return letter(arguments, offset: 1)
        case "a2zidx": return letter(arguments, offset: 0)
        case "mknum": return arguments.first.map { .number($0.text.utf8.reduce(0) { $0 + Int($1) }) }
        case "dim2idx": return rowMajorIndex(arguments.map(\.number))
        case "skip": return skipped(arguments)
        case "ipadd": return address(arguments.map(\.number))
        default: return nil
        }
    }

    /// `a` is 0 (plus `offset`), `b` is 1 …
    private static func letter(_ arguments: [Arithmetic.Value], offset: Int) -> Arithmetic.Value? {
        guard let byte = arguments.first?.text.lowercased().utf8.first, (0x61...0x7a).contains(byte) else { return nil }
        return .number(Int(byte) - 0x61 + offset)
    }

    /// `v1, n2, v2, n3, v3 …`: place in an array of dimensions n2, n3 …, counted from 1, last dimension fastest.
    private static func rowMajorIndex(_ numbers: [Int]) -> Arithmetic.Value? {
        guard numbers.count % 2 == 1, numbers.allSatisfy({ abs($0) < 1 << 20 }) else { return nil }
        var index = numbers[0]
        for pair in stride(from: 1, to: numbers.count, by: 2) {
            let (product, overflow) = (index - 1).multipliedReportingOverflow(by: numbers[pair])
            guard !overflow, abs(product) < 1 << 60 else { return nil }
            index = product + numbers[pair + 1]
        }
        return .number(index)
    }

    /// The number without the gaps `start[:count],…` before it; -1 within a gap.
    private static func skipped(_ arguments: [Arithmetic.Value]) -> Arithmetic.Value? {
        guard arguments.count == 2 else { return nil }
        let index = arguments[0].number
        var left = index
        for gap in arguments[1].text.split(separator: ",") {
            let parts = gap.split(separator: ":").map { Arithmetic.Value.text(String($0)).number }
            guard let start = parts.first else { return nil }
            let count = parts.count > 1 ? parts[1] : 1
            guard abs(start) < 1 << 40, abs(count) < 1 << 40 else { return nil }
            if index >= start, index < start + count { return .number(-1) }
            if index >= start + count { left -= count }
        }
        return .number(left)
    }

    /// `o1,o2,o3,o4,add,skipstart,skipend`: the address `add` further, leaving out that many at both ends of each 256.
    private static func address(_ numbers: [Int]) -> Arithmetic.Value? {
        guard numbers.count >= 5, numbers.allSatisfy({ abs($0) < 1 << 32 }) else { return nil }
        let first = numbers.count > 5 ? numbers[5] : 0
        let last = numbers.count > 6 ? numbers[6] : 0
        let usable = 256 - first - last
        let offset = numbers[3] - first + numbers[4]
        guard usable > 0, usable <= 256, offset >= 0 else { return nil }
        let third = numbers[2] + offset / usable
        let second = numbers[1] + third / 256
        guard second < 256 else { return nil }
        return .text("\(numbers[0]).\(second).\(third % 256).\(first + offset % usable)")
    }

    /// `%d %s %x %X %o %c %%` with flags, width and precision.
    private static func format(
        _ template: String, _ arguments: ArraySlice<Arithmetic.Value>
    ) -> Arithmetic.Value? {
        var rest = arguments
        var result = ""
        var characters = Array(template)[...]
        while let character = characters.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            if characters.first == "%" {
                result.append("%")
                characters.removeFirst()
                continue
            }
            let flags = characters.prefix { "-+0 #".contains($0) }
            characters = characters.dropFirst(flags.count)
            let width = characters.prefix { $0.isASCII && $0.isNumber }
            characters = characters.dropFirst(width.count)
            var precision: Int?
            if characters.first == "." {
                let digits = characters.dropFirst().prefix { $0.isASCII && $0.isNumber }
                characters = characters.dropFirst(1 + digits.count)
                precision = Int(String(digits)) ?? 0
            }
            let wide = Int(String(width)) ?? 0
            guard wide <= 256, precision ?? 0 <= 256, let conversion = characters.popFirst(),
                let body = converted(rest.popFirst() ?? .text(""), conversion, flags, precision)
            else { return nil }
            result += padded(body, wide, flags, isNumber: conversion != "s" && conversion != "c")
        }
        return .text(result)
    }

    private static func converted(
        _ value: Arithmetic.Value, _ conversion: Character, _ flags: ArraySlice<Character>, _ precision: Int?
    ) -> String? {
        switch conversion {
        case "s": return precision.map { String(value.text.prefix($0)) } ?? value.text
        case "c": return UnicodeScalar(UInt8(truncatingIfNeeded: value.number)).description
        case "d", "i", "u":
            var digits = String(value.number.magnitude)
            if let precision, digits.count < precision {
                digits = String(repeating: "0", count: precision - digits.count) + digits
            }
            return (value.number < 0 ? "-" : (flags.contains("+") ? "+" : "")) + digits
        case "x": return String(UInt(bitPattern: value.number), radix: 16)
        case "X": return String(UInt(bitPattern: value.number), radix: 16, uppercase: true)
        case "o": return String(UInt(bitPattern: value.number), radix: 8)
        default: return nil
        }
    }

    private static func padded(
        _ body: String, _ width: Int, _ flags: ArraySlice<Character>, isNumber: Bool
    ) -> String {
        guard body.count < width else { return body }
        let gap = width - body.count
        if flags.contains("-") { return body + String(repeating: " ", count: gap) }
        guard flags.contains("0"), isNumber else { return String(repeating: " ", count: gap) + body }
        let sign = body.prefix { $0 == "-" || $0 == "+" }
        return sign + String(repeating: "0", count: gap) + body.dropFirst(sign.count)
    }
}
