// swift-tools-version: 6.2
import PackageDescription

// The kernels must run at full speed in a client's debug build too. From tools version 6.2 on, SwiftPM accepts
// unsafe flags in a dependency that is used by version. Package@swift-6.1.swift is this manifest without them.
let optimisedC: [CSetting] = [.unsafeFlags(["-O3", "-ffp-contract=off"])]
let optimisedSwift: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]
let libm: [LinkerSetting] = [.linkedLibrary("m", .when(platforms: [.linux]))]

let package = Package(
  name: "lanewise",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Kernels", targets: ["Kernels"]),
    .library(name: "Net", targets: ["Net"]),
    .executable(name: "lanewise", targets: ["lanewise"]),
  ],
  targets: [
    .target(name: "CKernels", cSettings: optimisedC, linkerSettings: libm),
    .target(name: "Kernels", dependencies: ["CKernels"], swiftSettings: optimisedSwift),
    .target(name: "Net", dependencies: ["Kernels"], resources: [.copy("Resources/digits")], swiftSettings: optimisedSwift),
    .executableTarget(name: "lanewise", dependencies: ["Net", "Kernels"]),
    .target(name: "Reference", path: "Tests/Reference", swiftSettings: optimisedSwift),
    .executableTarget(
      name: "Benchmarks", dependencies: ["Net", "Kernels", "CKernels", "Reference"], path: "Benchmarks",
      swiftSettings: optimisedSwift),
    .target(name: "ForkHelper", path: "Tests/ForkHelper"),
    .testTarget(name: "KernelsTests", dependencies: ["Kernels", "CKernels", "Reference", "ForkHelper"]),
    .testTarget(name: "CommandTests", dependencies: ["lanewise"]),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .testTarget(
      name: "NetTests", dependencies: ["Net", "Kernels", "Reference", "AllocationCounter", "ForkHelper"], exclude: ["Goldens"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
