public import ArgumentParser

/// The plumbing that the executable `catboat-history` holds.
public let commands: [any ParsableCommand.Type] = [
    ProfileCommitCommand.self,
    ProfileDiffCommand.self,
    ProfileLogCommand.self,
    ProfileRestoreCommand.self,
    ProfileShowCommand.self,
    ProfileTagCommand.self,
]
