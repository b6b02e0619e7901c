public import ArgumentParser

/// The porcelain, in the order of the command list.
public let commands: [any ParsableCommand.Type] = [
    ChdefCommand.self,
    CopycdsCommand.self,
    GenimageCommand.self,
    HelpCommand.self,
    HookCommand.self,
    InitCommand.self,
    LsdefCommand.self,
    MkdefCommand.self,
    NodesetCommand.self,
    RmdefCommand.self,
    TabdumpCommand.self,
]
