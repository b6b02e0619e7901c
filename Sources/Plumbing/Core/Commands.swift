public import ArgumentParser

/// The plumbing that the executable `catboat` holds.
public let commands: [any ParsableCommand.Type] = [
    ExlistMatchCommand.self,
    RamdiskPackCommand.self,
    RamdiskVerifyCommand.self,
    SynclistApplyCommand.self,
]
