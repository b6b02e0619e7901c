internal import CommandShell
internal import Settings
internal import Support
internal import SystemPackage

extension GenimageRequest {
    /// With `--locked`: the packages of the build to repeat, for `rootimg-populate --locked`.
    ///
    /// The list is kept beside the tree, so that the step can be run again.
    func locked(to target: GenimageTarget, _ settings: Settings) throws -> GenimageRequest {
        guard isLocked else { return self }
        let file = target.rootimgdir.joined(".locked")
        guard let build = try? buildToRepeat(target.image),
            try Step(
                "profile-show",
                ["--at", Word(build.commit), "--output", Word(file), Word(target.image), "packages"],
                settings: settings
            ).status(accepting: [0, 1]).isSuccess
        else {
            throw GenimageTarget.failure(
                "osimage has no build to repeat: '\(target.image)'",
                "run genimage \(target.image) without --locked, then packimage \(target.image)")
        }
        var copy = self
        copy.populateFlags += ["--locked", Word(file)]
        return copy
    }

    /// The last build, or after a revert the newest from the recipe that was gone back to; nil when there is none.
    private func buildToRepeat(_ image: String) throws -> HistoryAnswers.Commit? {
        let words: [Word] = ["-n", "1", "--kind", "build", "--kind", "revert", Word(image)]
        guard let newest = try HistoryAnswers.commits(words).first else { return nil }
        guard let target = newest.trailers["Catboat-Reverts-To"] else { return newest }
        return try HistoryAnswers.builds(of: image, recipeAt: target)?.first
    }
}
