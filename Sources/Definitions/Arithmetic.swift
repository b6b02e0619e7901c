/// Evaluates the integer expressions of values. Nothing else can be run from a cell of a table.
///
/// Numbers, `'…'` and `"…"`, `$1`…, `+ - * / % **`, comparisons, `! && ||`, `?:`, `.` for joining, and the functions of
/// `ArithmeticFunctions`. Division and remainder truncate toward zero.
struct Arithmetic {
    enum Value {
        case number(Int)
        case text(String)

        var text: String {
            switch self {
            case .number(let number): String(number)
            case .text(let text): text
            }
        }

        /// The number that a text begins with, else 0.
        var number: Int {
            switch self {
            case .number(let number): return number
            case .text(let text):
                let trimmed = text.drop { $0 == " " || $0 == "\t" }
                let sign = trimmed.first == "-" || trimmed.first == "+" ? 1 : 0
                let digits = trimmed.dropFirst(sign).prefix { $0.isASCII && $0.isNumber }
                return Int((trimmed.first == "-" ? "-" : "") + digits) ?? 0
            }
        }

        var isTrue: Bool {
            switch self {
            case .number(let number): number != 0
            case .text(let text): !text.isEmpty && text != "0"
            }
        }
    }

    /// The result as text; nil when the expression is not understood, overflows or divides by zero.
    static func evaluate(_ text: String, _ groups: [String]) -> String? {
        guard text.utf8.count <= 4096 else { return nil }
        var parser = Arithmetic(text, groups)
        guard let value = parser.conditional(), parser.isAtEnd else { return nil }
        return value.text
    }

    private let bytes: [UInt8]
    private let groups: [String]
    private var position = 0
    private var depth = 0

    private init(_ text: String, _ groups: [String]) {
        bytes = Array(text.utf8)
        self.groups = groups
    }

    private var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return position == bytes.count
        }
    }

    private mutating func skipBlanks() {
        while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 { position += 1 }
    }

    private mutating func take(_ token: StaticString) -> Bool {
        skipBlanks()
        let wanted = UnsafeBufferPointer(start: token.utf8Start, count: token.utf8CodeUnitCount)
        guard bytes[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    private mutating func conditional() -> Value? {
        depth += 1
        defer { depth -= 1 }
        guard depth < 60, let test = either() else { return nil }
        guard take("?") else { return test }
        guard let yes = conditional(), take(":"), let no = conditional() else { return nil }
        return test.isTrue ? yes : no
    }

    private mutating func either() -> Value? {
        guard var left = both() else { return nil }
        while take("||") {
            guard let right = both() else { return nil }
            left = left.isTrue ? left : right
        }
        return left
    }

    private mutating func both() -> Value? {
        guard var left = comparison() else { return nil }
        while take("&&") {
            guard let right = comparison() else { return nil }
            left = left.isTrue ? right : left
        }
        return left
    }

    private mutating func comparison() -> Value? {
        guard let left = sum() else { return nil }
        let test: (Int, Int) -> Bool
        if take("==") {
            test = (==)
        } else if take("!=") {
            test = (!=)
        } else if take("<=") {
            test = (<=)
        } else if take(">=") {
            test = (>=)
        } else if take("<") {
            test = (<)
        } else if take(">") {
            test = (>)
        } else {
            return left
        }
        guard let right = sum() else { return nil }
        return .number(test(left.number, right.number) ? 1 : 0)
    }

    private mutating func sum() -> Value? {
        guard var left = product() else { return nil }
        while true {
            if take("+") {
                guard let right = product(), let value = checked(left, right, { $0.addingReportingOverflow($1) })
                else { return nil }
                left = value
            } else if take("-") {
                guard let right = product(), let value = checked(left, right, { $0.subtractingReportingOverflow($1) })
                else { return nil }
                left = value
            } else if take(".") {
                guard let right = product() else { return nil }
                left = .text(left.text + right.text)
            } else {
                return left
            }
        }
    }

    private mutating func product() -> Value? {
        guard var left = power() else { return nil }
        while true {
            let operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
            if take("*") {
                operation = { $0.multipliedReportingOverflow(by: $1) }
            } else if take("/") {
                operation = { $0.dividedReportingOverflow(by: $1) }
            } else if take("%") {
                operation = { $0.remainderReportingOverflow(dividingBy: $1) }
            } else {
                return left
            }
            guard let right = power(), let value = checked(left, right, operation) else { return nil }
            left = value
        }
    }

    private func checked(
        _ left: Value, _ right: Value, _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
    ) -> Value? {
        let result = operation(left.number, right.number)
        return result.overflow ? nil : .number(result.partialValue)
    }

    private mutating func power() -> Value? {
        guard let base = unary() else { return nil }
        guard take("**") else { return base }
        guard let exponent = power()?.number, exponent >= 0, exponent < 64 else { return nil }
        var result = 1
        for _ in 0..<exponent {
            let (value, overflow) = result.multipliedReportingOverflow(by: base.number)
            guard !overflow else { return nil }
            result = value
        }
        return .number(result)
    }

    private mutating func unary() -> Value? {
        depth += 1
        defer { depth -= 1 }
        guard depth < 60 else { return nil }
        if take("-") {
            guard let value = unary() else { return nil }
            return checked(.number(0), value) { $0.subtractingReportingOverflow($1) }
        }
        if take("+") { return unary() }
        if take("!") { return unary().map { .number($0.isTrue ? 0 : 1) } }
        return primary()
    }

    private mutating func primary() -> Value? {
        if take("(") {
            guard let value = conditional(), take(")") else { return nil }
            return value
        }
        if take("$") {
            guard let index = digits().flatMap({ Int($0) }), index > 0 else { return nil }
            return .text(index <= groups.count ? groups[index - 1] : "")
        }
        if let text = quoted() { return .text(text) }
        if let digits = digits() { return Int(digits).map { .number($0) } }
        return call()
    }

    private mutating func digits() -> String? {
        let start = position
        while position < bytes.count, (0x30...0x39).contains(bytes[position]) { position += 1 }
        return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
    }

    private mutating func quoted() -> String? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "\""),
            let end = bytes[(position + 1)...].firstIndex(of: bytes[position])
        else { return nil }
        let text = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
        position = end + 1
        return text
    }

    private mutating func call() -> Value? {
        let start = position
        while position < bytes.count, ByteSet.wordBytes.contains(bytes[position]) { position += 1 }
        let name = String(decoding: bytes[start..<position], as: UTF8.self)
        guard !name.isEmpty, take("(") else { return nil }
        var arguments: [Value] = []
        if !take(")") {
            repeat {
                guard arguments.count < 64, let value = conditional() else { return nil }
                arguments.append(value)
            } while take(",")
            guard take(")") else { return nil }
        }
        return ArithmeticFunctions.call(name, arguments)
    }
}
