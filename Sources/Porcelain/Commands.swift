public import ArgumentParser

/// The porcelain, in the order of the command list.
public let commands: [any ParsableCommand.Type] = [
    GenimageCommand.self,
    HelpCommand.self,
]
