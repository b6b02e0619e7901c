public import ArgumentParser

/// The plumbing that the executable `catboat` holds.
public let commands: [any ParsableCommand.Type] = [
    BootcfgWriteCommand.self,
    DefinitionGetCommand.self,
    ImagePublishCommand.self,
    InitrdBuildCommand.self,
    NoderangeExpandCommand.self,
    TableGetCommand.self,
    TableSetCommand.self,
]
