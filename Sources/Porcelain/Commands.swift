public import ArgumentParser

/// The porcelain, in the order of the command list.
public let commands: [any ParsableCommand.Type] = [
    ChdefCommand.self,
    CopycdsCommand.self,
    DiffCommand.self,
    GenimageCommand.self,
    HelpCommand.self,
    HookCommand.self,
    InitCommand.self,
    LogCommand.self,
    LsdefCommand.self,
    MkdefCommand.self,
    NodesetCommand.self,
    RevertCommand.self,
    RmdefCommand.self,
    ShowCommand.self,
    StatusCommand.self,
    TabdumpCommand.self,
    TagCommand.self,
    WhichCommand.self,
]
