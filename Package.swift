// swift-tools-version: 6.2
import PackageDescription

// One module is one room. Rooms know only the floors below them; a dependency that is not
// listed here does not compile. See the table of floors in CONTRIBUTING.md.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

func library(_ name: String, apt package: String) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", providers: [.apt([package])])
}

func room(
    _ name: String, path: String? = nil, _ dependencies: [Target.Dependency], resources: [Resource] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies + [system], path: path, resources: resources, swiftSettings: strict)
}

/// - Parameter sources: the folder with the Swift files, where the target's folder holds data too.
func tests(_ name: String, _ dependencies: [Target.Dependency], sources: String? = nil) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestSupport", system],
        path: sources.map { "Tests/\(name)/\($0)" }, swiftSettings: strict)
}

let package = Package(
    name: "catboat",
    products: [
        .executable(name: "catboat", targets: ["catboat"]),
        .executable(name: "catboat-media", targets: ["catboat-media"]),
        .executable(name: "catboat-history", targets: ["catboat-history"]),
        .executable(name: "catboat-launch", targets: ["catboat-launch"]),
        .executable(name: "catboat-setattr", targets: ["catboat-setattr"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    ],
    targets: [
        // C libraries and system calls.
        .target(name: "CLinux", path: "Sources/C/CLinux"),
        library("CSQLite", apt: "libsqlite3-dev"),
        library("CZlib", apt: "zlib1g-dev"),
        library("CLibdeflate", apt: "libdeflate-dev"),
        library("CZstd", apt: "libzstd-dev"),
        library("CLibarchive", apt: "libarchive-dev"),
        library("CLibgit2", apt: "libgit2-dev"),

        // Floor 0
        room("Support", ["CLinux"]),
        room("Digests", ["Support", crypto]),
        room("Settings", ["Support"]),
        room("Versions", []),
        room("Tables", ["Support", "CSQLite"], resources: [.embedInCode("schema.txt")]),

        // Floor 1
        room(
            "Definitions", ["Support", "Settings", "Tables"],
            resources: [.embedInCode("site.txt"), .embedInCode("types.txt")]),
        room("Profiles", ["Support"]),
        room("Archive", ["Support", "Digests", "CLinux", "CZlib", "CLibdeflate", "CZstd"]),
        room("Sandbox", ["Support", "CLinux"]),
        room("ForeignArchives", ["Support", "CLibarchive"]),
        room("KernelModules", ["Support", "Versions"]),
        room("RpmMetadata", []),

        // Floor 2
        room("Resolution", ["Support", "Settings", "Definitions", "Profiles"]),
        room("Media", ["Support", "Digests", "RpmMetadata", "CLinux", "ForeignArchives"]),
        room("Drivers", ["Support", "Archive", "ForeignArchives", "KernelModules"]),
        room(
            "RootImage",
            [
                "Support", "Versions", "Digests", "Archive", "Profiles", "Sandbox", "KernelModules", "RpmMetadata",
                "CLinux",
            ]),
        room("Installers", ["Support", "Versions", "Digests", "Archive", "KernelModules"]),
        room("Ramdisk", ["Support", "Digests", "Archive", "Profiles", "CLinux"]),
        room("Hooks", ["Support", "Settings", "CLinux"]),
        room("History", ["Support", "Digests", "Definitions", "CLinux", "CLibgit2"]),
        room("Netboot", ["Support", "Digests", "CLinux"]),
        room("Bundles", ["Support", "Digests", "Tables", "Archive", "CLinux"]),

        // Floor 3
        room("CommandList", [], resources: [.embedInCode("xcat-commands.txt")]),
        room("CommandShell", ["Support", "Settings", "CommandList", argumentParser]),
        room(
            "Plumbing", path: "Sources/Plumbing/Core",
            [
                "CommandShell", "Support", "Digests", "Settings", "Tables", "Definitions", "Profiles", "Archive",
                "Sandbox", "KernelModules", "RootImage", "Installers", "Ramdisk", "Hooks", "Netboot", "Bundles",
                "Resolution", argumentParser,
            ]),
        room(
            "MediaPlumbing", path: "Sources/Plumbing/Media",
            ["CommandShell", "Support", "Media", "Drivers", argumentParser]),
        room(
            "HistoryPlumbing", path: "Sources/Plumbing/History",
            [
                "CommandShell", "Support", "Settings", "Tables", "Definitions", "Profiles", "History", "Hooks",
                "Resolution", argumentParser,
            ]),

        // Floor 4
        room(
            "Porcelain",
            [
                "CommandShell", "CommandList", "Support", "Digests", "Settings", "Tables", "Definitions", "Profiles",
                "Sandbox", "Bundles", "Hooks", "Netboot", "Resolution", argumentParser,
            ]),

        // Executables
        .executableTarget(
            name: "catboat", dependencies: ["CommandList", "CommandShell", "Plumbing", "Porcelain"],
            swiftSettings: strict),
        .executableTarget(
            name: "catboat-media", dependencies: ["CommandList", "CommandShell", "MediaPlumbing"], swiftSettings: strict
        ),
        .executableTarget(
            name: "catboat-history", dependencies: ["CommandList", "CommandShell", "HistoryPlumbing"],
            swiftSettings: strict),
        // C only: without the Swift start-up object nothing of the Swift runtime is linked.
        .executableTarget(name: "catboat-launch", linkerSettings: [.unsafeFlags(["-nostartfiles"])]),
        // Runs in the initramfs of nodes, whatever their libc is: static, and without the Swift start-up object.
        .executableTarget(
            name: "catboat-setattr",
            linkerSettings: [.unsafeFlags(["-static-executable", "-nostartfiles", "-Xlinker", "-s"])]),

        // Tests
        .target(
            name: "TestSupport", dependencies: ["Support", system], path: "Tests/TestSupport", swiftSettings: strict),
        .executableTarget(
            name: "store-worker", dependencies: ["Tables", "Support"], path: "Tests/StoreWorker", swiftSettings: strict),
        tests("SupportTests", ["Support"]),
        tests("DigestsTests", ["Digests", "Support"]),
        tests("SettingsTests", ["Settings", "Support"]),
        tests("TablesTests", ["Tables", "Support"]),
        tests("DefinitionsTests", ["Definitions", "Settings", "Tables", "Support"]),
        tests("ProfilesTests", ["Profiles", "Support"]),
        tests("ArchiveTests", ["Archive", "Digests", "Support"]),
        tests("SandboxTests", ["Sandbox", "Support"]),
        tests("RpmMetadataTests", ["RpmMetadata"]),
        tests("MediaTests", ["Media", "Digests", "Support"]),
        tests("VersionsTests", ["Versions"]),
        tests("KernelModulesTests", ["KernelModules", "Support"]),
        tests("DriversTests", ["Drivers", "KernelModules", "Archive", "Support"]),
        tests("InstallersTests", ["Installers", "KernelModules", "Archive", "Support"]),
        tests("RootImageTests", ["RootImage", "KernelModules", "Profiles", "Sandbox", "Digests", "Support"]),
        tests("RamdiskTests", ["Ramdisk", "Archive", "Profiles", "Digests", "Support"]),
        tests("HooksTests", ["Hooks", "Settings", "Support"]),
        tests("HistoryTests", ["History", "Definitions", "Digests", "Support"]),
        tests("NetbootTests", ["Netboot", "Digests", "Support"]),
        tests("BundlesTests", ["Bundles", "Archive", "Digests", "Support"]),
        tests("CommandListTests", ["CommandList", "Support"]),
        tests("CommandShellTests", ["CommandShell", "CommandList", "Plumbing", "Porcelain", "Support"]),
        tests("Golden", ["Support", "Tables"], sources: "Suites"),
        tests("EndToEnd", ["Support", "Digests"], sources: "Suites"),
    ],
    swiftLanguageModes: [.v6]
)
