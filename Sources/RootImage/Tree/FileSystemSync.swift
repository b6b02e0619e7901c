internal import CLinux
internal import Support
internal import SystemPackage

/// `syncfs(2)`: everything written to a file system becomes durable.
enum FileSystemSync {
    static func run(_ descriptor: FileDescriptor, _ path: FilePath) throws(FileError) {
        try FileError.check("synchronize the file system of", path, catboat_syncfs(descriptor.rawValue))
    }
}
