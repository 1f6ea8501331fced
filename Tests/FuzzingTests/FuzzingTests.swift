import Foundation
import Fuzzing
import Testing

/// A few of the inputs that `fuzz` reads; a reader that traps ends the whole test run.
@Suite(.serialized) struct DamagedFiles {
    @Test(arguments: [
        "safetensors", "weights", "manifest", "yaml", "json", "metrics", "idx", "cifar", "jpeg", "png", "list", "webp",
        "gif", "bmp", "tiff",
    ])
    func endInAnErrorOrAreRead(name: String) throws {
        let folder = NSTemporaryDirectory() + "hornbeam-fuzzing-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let target = try #require(try FuzzTarget.all(folder: folder).first { $0.name == name })
        // Whole files are read.
        for seed in target.mutator.seeds where name != "yaml" && name != "idx" { try target.read(seed) }
        let refused = target.run(0..<300) { number, seconds in
            Issue.record("\(name): input \(number) took \(seconds) s, expected less than 2")
        }
        #expect(refused > 20, "\(name): nearly every damaged input was read")
    }

    @Test func inputsAreAFunctionOfTheirNumber() {
        let mutator = Mutator(seeds: [Array("{\"a\": 12}".utf8)])
        #expect((0..<50).map(mutator.input) == (0..<50).map(mutator.input))
        #expect(Set((0..<50).map(mutator.input)).count > 40)
    }
}
