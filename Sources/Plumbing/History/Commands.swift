public import ArgumentParser

/// The plumbing that the executable `catboat-history` holds.
public let commands: [any ParsableCommand.Type] = [
    ProfileCommitCommand.self
]
