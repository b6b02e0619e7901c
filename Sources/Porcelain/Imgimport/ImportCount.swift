internal import Bundles
internal import Support
internal import SystemPackage

/// How many places for files and folders a bundle may name, all its images together.
final class ImportCount {
    private var left = BundleLimits().members

    private var includes = 10_000

    /// A file that a list includes: whoever reads the lists of all images reads these too.
    func take(include list: FilePath) throws {
        includes -= 1
        guard includes >= 0 else {
            throw ImportRequest.failure(
                "The lists of the bundle include more than 10000 files: '\(list.printable)'", "do not import it")
        }
    }

    func take() throws {
        left -= 1
        guard left >= 0 else {
            throw ImportRequest.failure(
                "The bundle names more than \(BundleLimits().members) places for files.",
                "do not import it; if it is yours, export it with fewer files")
        }
    }
}
