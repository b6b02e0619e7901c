internal import Bundles
internal import Support
internal import SystemPackage

/// What an import may write beyond the files of the bundle: copies, and root images that are unpacked.
///
/// A bundle of some kilobytes could name one file for a thousand places, or bring trees of nothing but zeros.
struct ImportBudget {
    /// Bytes.
    private(set) var left: UInt64

    /// - Parameter limit: bytes that were asked for; nil: 100 times what is packed or brought, 64 MiB at least.
    init(_ images: [ImportImage], limit: UInt64?) throws {
        let most = BundleLimits().members
        guard images.reduce(0, { $0 + $1.files.count + $1.folders.count }) <= most else {
            throw ImportRequest.failure(
                "The bundle names more than \(most) places for files.", "export the image in parts")
        }
        var packed: UInt64 = 0
        for tree in images.flatMap(\.trees) where tree.isPacked {
            packed += UInt64(clamping: try tree.source.targetStatus()?.size ?? 0)
        }
        let (product, isTooLarge) = packed.multipliedReportingOverflow(by: 100)
        left = limit ?? max(64 << 20, isTooLarge ? .max : product)
    }

    mutating func take(_ bytes: UInt64, for target: FilePath) throws {
        guard bytes <= left else {
            throw ImportRequest.failure(
                "The bundle would become too much: '\(target.printable)'", "allow more with --max-size if you trust it")
        }
        left -= bytes
    }
}
