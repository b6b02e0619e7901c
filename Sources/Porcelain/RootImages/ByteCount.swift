/// Numbers of bytes for people.
enum ByteCount {
    static func text(_ bytes: Int64) -> String {
        bytes < 10 << 20 ? "\((bytes + 1023) >> 10) KiB" : "\((bytes + (1 << 19)) >> 20) MiB"
    }
}
