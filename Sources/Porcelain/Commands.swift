public import ArgumentParser

/// The porcelain, in the order of the command list.
public let commands: [any ParsableCommand.Type] = [
    ChdefCommand.self,
    CopycdsCommand.self,
    GenimageCommand.self,
    HelpCommand.self,
    InitCommand.self,
    LsdefCommand.self,
    MkdefCommand.self,
    NodesetCommand.self,
    PackimageCommand.self,
    RmdefCommand.self,
    TabdumpCommand.self,
]
