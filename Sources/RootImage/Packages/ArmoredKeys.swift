internal import FoundationEssentials

/// ASCII armor of keys: RFC 4880 section 6.2. gpgv reads only the binary form, and gpg is not on every machine.
enum ArmoredKeys {
    static func decode(_ text: String) throws -> [UInt8] {
        var result: [UInt8] = []
        var body: [UInt8] = []
        var state = 0  // 0 outside, 1 in the headers, 2 in the data
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN") {
                state = 1
            } else if line.hasPrefix("-----END") {
                result += decodeBase64(body)
                body = []
                state = 0
            } else if state == 1, line.allSatisfy(\.isWhitespace) {
                state = 2
            } else if state == 2, !line.hasPrefix("=") {
                body += Array(line.utf8)
            }
        }
        return result
    }

    /// A binary key, or an armored one as it is, in the form that rpm reads.
    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.starts(with: "-----BEGIN".utf8) { return bytes }
        let sum = checksum(bytes)
        let tail = [UInt8(sum >> 16 & 0xff), UInt8(sum >> 8 & 0xff), UInt8(sum & 0xff)]
        var lines = ["-----BEGIN PGP PUBLIC KEY BLOCK-----", ""]
        let text = Array(encodeBase64(bytes))
        for start in stride(from: 0, to: text.count, by: 64) {
            lines.append(String(decoding: text[start..<min(start + 64, text.count)], as: UTF8.self))
        }
        lines += ["=" + String(decoding: encodeBase64(tail), as: UTF8.self), "-----END PGP PUBLIC KEY BLOCK-----", ""]
        return Array(lines.joined(separator: "\n").utf8)
    }

    /// CRC-24 of RFC 4880 section 6.1.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = 0xb704ce
        for byte in bytes {
            sum ^= UInt32(byte) << 16
            for _ in 0..<8 {
                sum <<= 1
                if sum & 0x1000000 != 0 { sum ^= 0x1864cfb }
            }
        }
        return sum & 0xffffff
    }

    private static func encodeBase64(_ bytes: [UInt8]) -> [UInt8] { Array(Data(bytes).base64EncodedData()) }

    private static func decodeBase64(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in text {
            let value: UInt32
            switch byte {
            case 0x41...0x5a: value = UInt32(byte) - 0x41
            case 0x61...0x7a: value = UInt32(byte) - 0x61 + 26
            case 0x30...0x39: value = UInt32(byte) - 0x30 + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: continue
            }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return result
    }
}
