// swift-tools-version: 6.0
import PackageDescription

// HORNBEAM_STRICT=1 (set by continuous integration) turns warnings into errors. It is off by default because
// unsafe flags would bar other packages from depending on this one.
let strict = Context.environment["HORNBEAM_STRICT"] == "1"
let swiftSettings: [SwiftSetting] = strict ? [.unsafeFlags(["-warnings-as-errors"])] : []
let cSettings: [CSetting] = strict ? [.unsafeFlags(["-Wall", "-Werror"])] : []

/// A Swift module of ours; its dependencies are all it may import.
func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

/// A test target `<name>Tests` beside the module of the same name.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies, resources: resources,
        swiftSettings: swiftSettings)
}

// The commit for `trainer --version` where git is not at hand; otherwise the checkout tells it (Sources/CCommit).
let commit = (Context.environment["HORNBEAM_COMMIT"] ?? "").lowercased().filter { "0123456789abcdef".contains($0) }
let commitSettings: [CXXSetting] = commit.count >= 7 ? [.define("HB_COMMIT", to: "\"\(commit)\"")] : []


let libraries = ["Autograd"]

let package = Package(
    name: "Hornbeam",
    platforms: [.macOS(.v15)],
    targets: [
        .target(name: "CKernels", cSettings: cSettings, linkerSettings: [.linkedLibrary("m")]),
        .systemLibrary(
            name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"]), .brew(["fftw"])]),
        .systemLibrary(
            name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])]),
        module("JSON", []),
        module("RunLayout", []),
        module("Tensors", ["CKernels", "CFFTW", "COneDNN"]),
        module("Autograd", ["Tensors"]),
        module("Layers", ["Autograd", "Tensors"]),
        module("Checkpoints", ["Layers", "Tensors", "JSON", "RunLayout"]),
        .target(
            name: "TestSupport", dependencies: ["Tensors"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
        tests("Autograd", ["Tensors", "Checkpoints", "JSON", "TestSupport"], resources: [.copy("Fixtures")]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)
