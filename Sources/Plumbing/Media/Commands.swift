public import ArgumentParser

/// The plumbing that the executable `catboat-media` holds.
public let commands: [any ParsableCommand.Type] = [
    MediaCopyCommand.self,
    MediaIdentifyCommand.self,
    MediaKeyAddCommand.self,
]
