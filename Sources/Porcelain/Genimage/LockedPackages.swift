internal import CommandShell
internal import Settings
internal import Support
internal import SystemPackage

extension GenimageRequest {
    /// With `--locked`: the packages of the image's last build record, for `rootimg-populate --locked`.
    ///
    /// The list is kept beside the tree, so that the step can be run again.
    func locked(to target: GenimageTarget, _ settings: Settings) throws -> GenimageRequest {
        guard isLocked else { return self }
        let record = try Step("profile-show", [Word(target.image), "packages"], settings: settings).captured(
            accepting: [0, 1, 128])
        guard record.ending.isSuccess, !record.output.isEmpty else {
            throw GenimageTarget.failure(
                "osimage has no build to repeat: '\(target.image)'",
                "run genimage \(target.image) without --locked, then packimage \(target.image)")
        }
        try target.rootimgdir.createDirectories()
        let file = target.rootimgdir.joined(".locked")
        try AtomicFile.write(record.output, to: file)
        var copy = self
        copy.populateFlags += ["--locked", Word(file)]
        return copy
    }
}
