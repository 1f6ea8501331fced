import Checkpoints
import Foundation
import Fuzzing
import JSON
import Tensors
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

/// Changes by structure must leave the rest of an input valid, or they would reach no further than changes of bytes.
@Suite struct StructuredInputs {
    private func inputs(_ name: String, _ count: Int = 400) throws -> (seeds: [[UInt8]], inputs: [[UInt8]]) {
        let folder = NSTemporaryDirectory() + "hornbeam-fuzzing-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let mutator = try #require(try FuzzTarget.named(name, folder: folder)).mutator
        return (mutator.seeds, (0..<count).map(mutator.input))
    }

    @Test func weightsKeepAHeaderOfTheRightLength() throws {
        let (seeds, inputs) = try inputs("weights")
        let models = inputs.compactMap { input -> JSONValue? in
            guard input.count > 8, input[7] == 0 else { return nil }
            let size = input[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard size < UInt64(input.count - 8),
                let header = try? JSONValue(parsing: Array(input[8..<8 + Int(size)])),
                let text = header["__metadata__"]?["hornbeam.model"]?.stringValue
            else { return nil }
            return try? JSONValue(parsing: text)
        }
        #expect(seeds.count == 9, "one of each family that fits, and of each kind of detector")
        #expect(models.count > 150, "the nested JSON is still JSON")
        #expect(Set(models.map { $0.text() }).count > 60, "and its numbers change")
    }

    @Test func manifestsKeepTheirChecksum() throws {
        let signed = try inputs("manifest").inputs.filter { input in
            guard let manifest = try? JSONValue(parsing: input), let content = manifest["content"] else { return false }
            return manifest["sha256"]?.stringValue == SHA256.hexadecimal([Array(content.text().utf8)])
        }
        #expect(Set(signed).count > 60)
    }

    @Test func picturesKeepTheirChecksums() throws {
        // The checksum of the first chunk, whose numbers are the sides.
        func sides(_ input: [UInt8]) -> [UInt8]? { input.count > 33 ? Array(input[16..<24]) : nil }
        let found = try inputs("png").inputs.compactMap(sides)
        #expect(Set(found).count > 30, "sides change")
        let dimensions = try inputs("idx").inputs.compactMap { $0.count > 16 && $0[3] == 3 ? Array($0[4..<16]) : nil }
        #expect(Set(dimensions).count > 30, "dimensions change")
        #expect(try inputs("idx").inputs.contains { $0.count > 100_000 }, "and the data follow them")
        for format in ["webp", "gif", "bmp", "tiff"] {
            let others = try inputs(format)
            #expect(others.seeds.count > 3 && Set(others.inputs).count > 250, "\(format)")
        }
    }

    @Test func configurationsAreMadeOfTheirKeys() throws {
        let texts = try inputs("yaml", 3200).inputs.map { String(decoding: $0, as: UTF8.self) }
        for key in ["evaluationCrop", "cutmix", "learningRate", "depths", "validation", "batchSize"] {
            #expect(texts.contains { $0.contains(key + ":") }, "\(key)")
        }
    }
}
