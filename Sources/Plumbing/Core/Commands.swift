public import ArgumentParser

/// The plumbing that the executable `catboat` holds.
public let commands: [any ParsableCommand.Type] = [
    BootcfgWriteCommand.self,
    DefinitionGetCommand.self,
    ExlistMatchCommand.self,
    HookRunCommand.self,
    ImageCopyCommand.self,
    ImageLockCommand.self,
    ImagePublishCommand.self,
    InitrdBuildCommand.self,
    NoderangeExpandCommand.self,
    PackageListCommand.self,
    PkglistExpandCommand.self,
    PostinstallRunCommand.self,
    PrescriptRunCommand.self,
    RamdiskPackCommand.self,
    RamdiskVerifyCommand.self,
    RootimgFinishCommand.self,
    RootimgListCommand.self,
    RootimgPopulateCommand.self,
    RootimgRunCommand.self,
    RootimgTryCommand.self,
    SynclistApplyCommand.self,
    TableGetCommand.self,
    TableSetCommand.self,
]
