// swift-tools-version: 6.1
import PackageDescription

// Package.swift for toolchains that refuse unsafe flags in a dependency: everything works, and only release builds are
// fast. scripts/check compares the two.
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
    .target(name: "CKernels", linkerSettings: libm),
    .target(name: "Kernels", dependencies: ["CKernels"]),
    .target(name: "Net", dependencies: ["Kernels"], resources: [.copy("Resources/digits")]),
    .executableTarget(name: "lanewise", dependencies: ["Net", "Kernels"]),
    .target(name: "Reference", path: "Tests/Reference"),
    .executableTarget(
      name: "Benchmarks", dependencies: ["Net", "Kernels", "CKernels", "Reference"], path: "Benchmarks"),
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
