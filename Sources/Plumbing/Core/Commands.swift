public import ArgumentParser

/// The plumbing that the executable `catboat` holds.
public let commands: [any ParsableCommand.Type] = [
    BootcfgWriteCommand.self,
    ImagePublishCommand.self,
    InitrdBuildCommand.self,
]
