internal import Bundles

/// How many places for files and folders a bundle may name, all its images together.
final class ImportCount {
    private var left = BundleLimits().members

    func take() throws {
        left -= 1
        guard left >= 0 else {
            throw ImportRequest.failure(
                "The bundle names more than \(BundleLimits().members) places for files.", "export the image in parts")
        }
    }
}
