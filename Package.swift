// swift-tools-version: 6.0
import PackageDescription

// HORNBEAM_STRICT=1 (set by continuous integration) turns warnings into errors. It is off by default because
// unsafe flags would bar other packages from depending on this one.
let strict = Context.environment["HORNBEAM_STRICT"] == "1"
let swiftSettings: [SwiftSetting] = strict ? [.unsafeFlags(["-warnings-as-errors"])] : []
// Tests that compute little themselves are built in half the time without an optimiser.
let plainSettings: [SwiftSetting] = strict ? [.unsafeFlags(["-warnings-as-errors", "-Onone"])] : []
let cSettings: [CSetting] = strict ? [.unsafeFlags(["-Wall", "-Werror"])] : []

/// A Swift module of ours; its dependencies are all it may import.
func module(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: swiftSettings)
}

/// A test target `<name>Tests` beside the module of the same name; `computing` where it has references of its own to run.
func tests(
    _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = [], computing: Bool = false
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies, resources: resources,
        swiftSettings: computing ? swiftSettings : plainSettings)
}

// The commit for `trainer --version` where git is not at hand; otherwise the checkout tells it (Sources/CCommit).
let commit = (Context.environment["HORNBEAM_COMMIT"] ?? "").lowercased().filter { "0123456789abcdef".contains($0) }
let commitSettings: [CXXSetting] = commit.count >= 7 ? [.define("HB_COMMIT", to: "\"\(commit)\"")] : []

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let libraries = [
    "Configuration", "JSON", "RunLayout", "Tensors", "Autograd", "Layers", "Models", "Optim", "Distillation",
    "Datasets", "Detection", "Checkpoints", "Distributed",
    "ProtobufWriting", "Reporting", "Exporting", "Tasks", "Training", "Commands",
]

let package = Package(
    name: "Hornbeam",
    platforms: [.macOS(.v15)],
    products: libraries.map { .library(name: $0, targets: [$0, "CCommit"]) } + [
        .executable(name: "trainer", targets: ["trainer", "CCommit"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    ],
    targets: [
        // Row 0: C. Kernels and shims know nothing of shapes, threads or allocation.
        .target(name: "CKernels", cSettings: cSettings, linkerSettings: [.linkedLibrary("m")]),
        .systemLibrary(
            name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"]), .brew(["fftw"])]),
        .systemLibrary(
            name: "COneDNN", providers: [.apt(["libdnnl-dev"]), .brew(["onednn"])]),
        .systemLibrary(name: "CZLib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(
            name: "CImages", cSettings: cSettings,
            linkerSettings: [
                .linkedLibrary("jpeg"), .linkedLibrary("png"), .linkedLibrary("webp"), .linkedLibrary("z"),
            ]),
        // The few functions of MPI, looked up while the program runs: nothing of it is needed to build.
        .target(name: "CMPI", cSettings: cSettings),
        .target(name: "CVersion", cSettings: cSettings),
        // Linked into products and imported by nothing, so that a new commit compiles this alone.
        .target(name: "CCommit", cxxSettings: commitSettings),

        // Row 1
        module("Configuration", [yams]),
        module("ProtobufWriting", []),
        module("JSON", []),
        module("RunLayout", []),
        // Row 2
        module("Tensors", ["CKernels", "CFFTW", "COneDNN"]),
        // Row 3
        module("Autograd", ["Tensors"]),
        module("Distributed", ["Tensors", "CKernels", "CMPI"]),
        // Row 4
        module("Layers", ["Autograd", "Tensors"]),
        // Row 5: siblings, none imports another, but that objects are images' and that models of objects know boxes.
        module("Models", ["Detection", "Layers", "Autograd", "Tensors", "Configuration"]),
        module("Optim", ["Layers", "Autograd", "Tensors", "Configuration"]),
        module("Distillation", ["Layers", "Autograd", "Tensors", "Configuration"]),
        module("Datasets", ["Tensors", "Configuration", "CImages", "CZLib"]),
        module("Detection", ["Datasets", "Tensors", "JSON", "CKernels"]),
        module("Checkpoints", ["Layers", "Tensors", "JSON", "RunLayout"]),
        module("Reporting", ["CImages", "CVersion", "ProtobufWriting", "JSON", "RunLayout"]),
        // Row 6: what is learned, as folders.
        module(
            "Tasks",
            [
                "Models", "Detection", "Datasets", "Reporting", "Distillation", "Layers", "Autograd", "Tensors",
                "Configuration", "Distributed", "JSON",
            ]),
        // Row 7: siblings.
        module("Exporting", ["Models", "Detection", "Layers", "Tensors", "ProtobufWriting"]),
        module(
            "Training",
            [
                "Tasks", "Models", "Optim", "Detection", "Datasets", "Checkpoints", "Reporting", "Layers", "Autograd",
                "Tensors", "Configuration", "Distillation", "Distributed", "JSON", "RunLayout",
            ]),
        // Row 8
        module(
            "Commands",
            [
                argumentParser, "Training", "Tasks", "Exporting", "Models", "Optim", "Detection", "Datasets",
                "Checkpoints", "Reporting", "Layers", "Autograd", "Tensors", "Configuration", "Distillation",
                "Distributed", "JSON", "RunLayout",
            ]),
        // Row 9
        .executableTarget(name: "trainer", dependencies: ["Commands"], swiftSettings: swiftSettings),

        // Damaged files for every reader; for developers and tests.
        module(
            "Fuzzing",
            [
                "Training", "Tasks", "Datasets", "Checkpoints", "Models", "Layers", "Autograd", "Reporting", "Tensors",
                "Configuration", "CZLib", "JSON", "RunLayout",
            ]),
        .executableTarget(name: "fuzz", dependencies: ["Fuzzing", "Reporting"], swiftSettings: swiftSettings),

        // The program of Docs/Tutorial.md, so that it is compiled and run as printed.
        .executableTarget(
            name: "tutorial",
            dependencies: ["Autograd", "Checkpoints", "Datasets", "Layers", "Optim", "Tasks", "Tensors"],
            swiftSettings: swiftSettings),

        // A trainer of one's own, as a package that depends on this one would have it: nothing but what is public.
        .executableTarget(
            name: "example",
            dependencies: [
                "Commands", "Tasks", "Models", "Datasets", "Reporting", "Layers", "Autograd", "Tensors",
                "Configuration",
            ], exclude: ["brightness.yaml"], packageAccess: false, swiftSettings: swiftSettings),

        // What tests of several modules share.
        .target(
            name: "TestSupport", dependencies: ["Distributed", "Tensors"], path: "Tests/TestSupport",
            swiftSettings: swiftSettings),

        tests("JSON", ["Tensors"]),
        tests("Fuzzing", ["Checkpoints", "JSON", "RunLayout", "Tensors"]),
        tests("Configuration", resources: [.copy("Golden")]),
        tests("ProtobufWriting"),
        tests("Tensors", ["JSON", "TestSupport"], computing: true),
        tests(
            "Autograd", ["Tensors", "Checkpoints", "JSON", "TestSupport"], resources: [.copy("Fixtures")]),
        tests("Layers", ["Autograd", "Tensors", "TestSupport"]),
        tests("Distributed", ["Tensors", "TestSupport"]),
        tests(
            "Models", ["Layers", "Autograd", "Tensors", "Checkpoints", "JSON", "Configuration", "TestSupport"],
            resources: [.copy("Fixtures")]),
        tests(
            "Optim", ["Layers", "Autograd", "Tensors", "Checkpoints", "Configuration", "TestSupport"],
            resources: [.copy("Fixtures")]),
        tests(
            "Distillation", ["Layers", "Autograd", "Tensors", "Configuration", "JSON", "TestSupport"],
            resources: [.copy("Fixtures")]),
        tests("Datasets", ["Tensors"], resources: [.copy("Resources")]),
        tests(
            "Detection", ["Datasets", "Tensors", "JSON", "TestSupport"], resources: [.copy("Resources")]),
        tests("Checkpoints", ["Layers", "Tensors", "JSON", "RunLayout"]),
        tests("Reporting", ["CImages", "JSON", "RunLayout"]),
        tests(
            "Exporting", ["Models", "Layers", "Autograd", "Tensors", "Configuration"], computing: true),
        tests(
            "Tasks",
            [
                "Datasets", "Detection", "Models", "Layers", "Autograd", "Reporting", "Tensors", "Configuration",
                "Distributed", "JSON", "TestSupport",
            ],
            resources: [.copy("Resources")]),
        tests(
            "Training",
            [
                "Tasks",
                "Models", "Optim", "Datasets", "Checkpoints", "Layers", "Autograd", "Tensors", "Configuration",
                "Reporting", "Distillation", "Distributed", "JSON", "RunLayout", "TestSupport",
            ]),
        // Runs the built executable, which every test build makes.
        .testTarget(name: "TrainerTests", swiftSettings: plainSettings),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu11
)
