public import ArgumentParser

/// The plumbing that the executable `catboat` holds.
public let commands: [any ParsableCommand.Type] = [
    DefinitionGetCommand.self,
    ImageLockCommand.self,
    NoderangeExpandCommand.self,
    PackageListCommand.self,
    PkglistExpandCommand.self,
    RootimgFinishCommand.self,
    RootimgListCommand.self,
    RootimgPopulateCommand.self,
    RootimgRunCommand.self,
    TableGetCommand.self,
    TableSetCommand.self,
]
