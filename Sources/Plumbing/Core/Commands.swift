public import ArgumentParser

/// The plumbing that the executable `catboat` holds.
public let commands: [any ParsableCommand.Type] = [
    ImageLockCommand.self, PackageListCommand.self, PkglistExpandCommand.self, RootimgListCommand.self,
    RootimgPopulateCommand.self, RootimgRunCommand.self,
]
