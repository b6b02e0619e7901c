public import ArgumentParser

/// The plumbing that the executable `catboat` holds.
public let commands: [any ParsableCommand.Type] = [
    DefinitionGetCommand.self,
    NoderangeExpandCommand.self,
    TableGetCommand.self,
    TableSetCommand.self,
]
