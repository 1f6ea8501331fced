import Foundation
import Testing

/// The parent of all suites that start the program: one at a time, since each run uses every processor.
@Suite(.serialized) struct Program {}

/// A folder that goes with the value, in which the program is run.
final class Workplace {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "hornbeam-trainer-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    struct Outcome {
        var code: Int32
        var output: String
        var errors: String
        /// The error output without notices and warnings.
        var failures: [String] {
            errors.split(separator: "\n").map(String.init).filter {
                !$0.hasPrefix("notice: ") && !$0.hasPrefix("warning: ")
            }
        }
    }

    /// Starts the program.
    /// - Parameters:
    ///   - fileLimit: the largest file it may write, in blocks of `ulimit -f`.
    ///   - input: the file that its standard input reads.
    func start(_ arguments: [String], fileLimit: Int? = nil, input: String? = nil) throws -> Process {
        let process = Process()
        let trainer = try #require(Self.trainer, "the trainer was not built beside the tests")
        if let fileLimit {
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", "ulimit -f \(fileLimit); exec \"$0\" \"$@\"", trainer] + arguments
        } else {
            process.executableURL = URL(fileURLWithPath: trainer)
            process.arguments = arguments
        }
        if let input {
            process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(path)/\(input)"))
        }
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        // Files rather than pipes, which nobody would empty while the program runs.
        for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: "\(path)/.\(name)", contents: nil) }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/.out"))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: path + "/.err"))
        try process.run()
        return process
    }

    func run(_ arguments: [String], fileLimit: Int? = nil) throws -> Outcome {
        let process = try start(arguments, fileLimit: fileLimit)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit, "\(arguments) ended by signal \(process.terminationStatus)")
        return Outcome(code: process.terminationStatus, output: try text(".out"), errors: try text(".err"))
    }

    func run(_ line: String, fileLimit: Int? = nil) throws -> Outcome {
        try run(line.split(separator: " ").map(String.init), fileLimit: fileLimit)
    }

    /// Runs the program and expects one sentence on the error output and exit code 1.
    @discardableResult
    func fail(
        _ line: String, _ sentence: String, fileLimit: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Outcome {
        let outcome = try run(line, fileLimit: fileLimit)
        #expect(outcome.code == 1, "\(line)", sourceLocation: sourceLocation)
        #expect(outcome.failures.count == 1, "\(line): \(outcome.errors)", sourceLocation: sourceLocation)
        #expect(
            outcome.errors.contains("error: ") && outcome.errors.contains(sentence), "\(line): \(outcome.errors)",
            sourceLocation: sourceLocation)
        return outcome
    }

    func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }
    func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")) }
    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
    func json(_ name: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: data(name)) as? [String: Any])
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let url = URL(fileURLWithPath: "\(path)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }
    func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

    /// The program in the folder of the test bundle, or in one above it.
    static let trainer: String? = {
        let places =
            [Bundle.main.bundlePath] + Bundle.allBundles.map(\.bundlePath)
            + CommandLine.arguments.filter { $0.hasPrefix("/") }
        for place in places {
            var folder = URL(fileURLWithPath: place)
            for _ in 0..<4 {
                let candidate = folder.appendingPathComponent("trainer").path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue,
                    FileManager.default.isExecutableFile(atPath: candidate)
                {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
        }
        return nil
    }()

    /// The folder of the configurations that come with the package.
    static let configurations = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Configs").path
}

/// Two stages that learn the embedded digits in a fraction of a second.
let smallConfiguration = """
    data: {path: digits, imageSize: [8, 8], flip: 0}
    model:
      name: hornet
      baseWidth: 8
      depths: [1, 1]
      orders: [1, 2]
      mixers: [7x7, gf]
      stemStride: 1
      layerScale: 0.1
    optimizer: {learningRate: 4e-3}
    schedule: {warmupEpochs: 0}
    training: {epochs: 2, batchSize: 64}
    """

/// A JSON object that the program printed.
func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}
