internal import Bundles
internal import Support
internal import SystemPackage

/// What an import may write beyond the files of the bundle: copies, and root images that are unpacked.
///
/// A bundle of some kilobytes could name one file for a thousand places, or bring trees of nothing but zeros.
struct ImportBudget {
    /// Bytes.
    private(set) var left: UInt64
    private let limit: UInt64

    /// - Parameter limit: bytes that were asked for; nil: 100 times what is packed, 64 MiB at least, and what is brought once more.
    init(_ images: [ImportImage], limit: UInt64?) throws {
        var packed: UInt64 = 0
        for tree in images.flatMap(\.trees) where tree.isPacked {
            packed += UInt64(clamping: try tree.source.targetStatus()?.size ?? 0)
        }
        let (product, isTooLarge) = packed.multipliedReportingOverflow(by: 100)
        // What is brought may be there once more.
        let brought = images.flatMap(\.answer.members).reduce(UInt64(0)) {
            $0.addingReportingOverflow($1.size).partialValue
        }
        let (sum, isSumTooLarge) = max(64 << 20, isTooLarge ? .max : product).addingReportingOverflow(brought)
        self.limit = limit ?? (isSumTooLarge ? .max : sum)
        left = self.limit
    }

    mutating func take(_ bytes: UInt64, for target: FilePath) throws {
        guard bytes <= left else {
            throw ImportRequest.failure(
                "Copies and root images of the bundle would take more than \(limit) bytes: '\(target.printable)'",
                "allow more with --max-size if you trust it")
        }
        left -= bytes
    }
}
