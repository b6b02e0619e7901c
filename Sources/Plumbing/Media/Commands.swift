public import ArgumentParser

/// The plumbing that the executable `catboat-media` holds.
public let commands: [any ParsableCommand.Type] = [
    KmoduleExtractCommand.self,
    KmoduleListCommand.self,
    MediaCopyCommand.self,
    MediaIdentifyCommand.self,
    MediaKeyAddCommand.self,
]
