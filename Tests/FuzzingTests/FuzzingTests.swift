import Foundation
import Fuzzing
import Testing

/// A few of the inputs that `fuzz` reads; a reader that traps ends the whole test run.
@Suite(.serialized) struct DamagedFiles {
    @Test(arguments: FuzzTarget.names)
    func endInAnErrorOrAreRead(name: String) throws {
        let folder = NSTemporaryDirectory() + "hornbeam-fuzzing-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let target = try #require(try FuzzTarget.named(name, folder: folder))
        // Whole files are read; of the other formats of images not all have a reader.
        for seed in target.mutator.seeds where !["yaml", "idx", "image"].contains(name) { try target.read(seed) }
        let refused = target.run(0..<(name == "state" ? 60 : 300)) { number, seconds in
            Issue.record("\(name): input \(number) took \(seconds) s, expected less than 10")
        }
        #expect(refused > 10, "\(name): nearly every damaged input was read")
    }

    @Test func inputsAreAFunctionOfTheirNumber() {
        let mutator = Mutator(seeds: [Array("{\"a\": 12}".utf8)])
        #expect((0..<50).map(mutator.input) == (0..<50).map(mutator.input))
        #expect(Set((0..<50).map(mutator.input)).count > 40)
    }
}
