import Checkpoints
import Datasets
import Foundation
import Layers
import Reporting
import Tensors
import Training

/// A reader of files that come from elsewhere, and whole files to damage.
public struct FuzzTarget {
    public let name: String
    public let mutator: Mutator
    /// Reads an input; an error is what a damaged one should give.
    public let read: ([UInt8]) throws -> Void

    /// Reads damaged inputs, in order.
    /// - Parameters:
    ///   - before: called with each input's number before it is read, so that a crash can name it.
    ///   - slow: called with the number and the processor seconds of an input that took more than `patience`.
    /// - Returns: how many were refused.
    public func run(
        _ numbers: Range<Int>, patience: Double = 2, before: (Int) -> Void = { _ in }, slow: (Int, Double) -> Void
    ) -> Int {
        var refused = 0
        for number in numbers {
            before(number)
            let input = mutator.input(number)
            let begin = processorSeconds()
            do { try read(input) } catch { refused += 1 }
            let seconds = processorSeconds() - begin
            if seconds > patience { slow(number, seconds) }
        }
        return refused
    }

    /// All readers, their files in a folder that must exist.
    public static func all(folder: String) throws -> [FuzzTarget] {
        let weights = try smallWeights(folder)
        return [
            try safetensors(folder, weights), try weightsFile(folder, weights), state(folder), configuration(folder),
            json,
            metrics(folder),
            try idx(folder), try cifar(folder), try jpeg(), try png(), try labels(folder),
        ] + formats
    }

    // MARK: Checkpoints

    private static func safetensors(_ folder: String, _ weights: [UInt8]) throws -> FuzzTarget {
        let small = SafetensorsFile(
            metadata: ["format": "pt", "x": "\u{e9}\""],
            tensors: [
                StoredTensor(name: "a", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
                StoredTensor(name: "b", shape: [], integers: [7]), StoredTensor(name: "c", shape: [0], doubles: []),
            ])
        try small.write(path: folder + "/tensors.safetensors")
        return FuzzTarget(
            name: "safetensors", mutator: Mutator(seeds: [try read(folder + "/tensors.safetensors"), weights])
        ) {
            let file = try SafetensorsFile(bytes: $0, path: "input")
            for tensor in file.tensors {
                _ = tensor.type.isFloatingPoint ? try tensor.doubles().count : try tensor.integers().count
            }
        }
    }

    /// Header, metadata, the model they name and its values.
    private static func weightsFile(_ folder: String, _ weights: [UInt8]) throws -> FuzzTarget {
        let path = folder + "/weights.safetensors"
        return FuzzTarget(name: "weights", mutator: Mutator(seeds: [weights])) {
            try write($0, path)
            _ = try Weights.read(path)
        }
    }

    private static func smallWeights(_ folder: String) throws -> [UInt8] {
        let text = """
            data: {path: digits, imageSize: [8, 8]}
            model: {name: hornet, baseWidth: 4, depths: [1, 1], orders: [1, 2], mixers: [7x7, gf], stemStride: 1}
            """
        try write(Array(text.utf8), folder + "/small.yaml")
        let recipe = try Recipe.load(folder + "/small.yaml")
        let data = try PreparedData(recipe)
        let model = try data.specification.makeModel(height: data.plan.height, width: data.plan.width)
        let metadata = WeightsMetadata(
            specification: data.specification, classNames: data.classNames, transform: data.plan)
        try Weights(metadata: metadata, model: model, store: ParameterStore<Float>(model.parameters, seed: 0))
            .write(folder + "/small.safetensors")
        return try read(folder + "/small.safetensors")
    }

    /// The manifest of a saved state; what it promises is checked against its checksum first.
    private static func state(_ folder: String) -> FuzzTarget {
        let path = folder + "/state"
        var seed: [UInt8] = []
        do {
            var states = StateStore(directory: path)
            try states.save(files: ["state.bin": .bytes([1, 2, 3])], info: ["epoch": 3, "name": "x"])
            seed = try read(path + "/00000001/manifest.json")
        } catch { fatalError("\(error)") }
        return FuzzTarget(name: "manifest", mutator: Mutator(seeds: [seed])) {
            try write($0, path + "/00000001/manifest.json")
            var states = StateStore(directory: path)
            _ = try states.load()
        }
    }

    // MARK: Text

    private static func configuration(_ folder: String) -> FuzzTarget {
        let path = folder + "/fuzzed.yaml"
        let seeds = [
            """
            run: {seed: 3}
            data:
              path: digits
              imageSize: [8, 8]   # height, width
              mean: [0.5]
              deviation: [0.25]
            model: &m
              name: hornet
              baseWidth: 8
              depths: [1, 1]
              orders: [1, 2]
              mixers: [7x7, gf]
            optimizer: {learningRate: 4e-3, ema: {decay: 0.9}}
            training: {epochs: 2, batchSize: 64}
            """,
            "data: {path: \"digits\", validation: '0.1'}\nmodel: {name: hornet_pico_7x7}\nschedule:\n  - x\n  - {y: *z}\n",
        ]
        return FuzzTarget(name: "yaml", mutator: Mutator(seeds: seeds.map { Array($0.utf8) })) {
            try write($0, path)
            _ = try Recipe.load(path)
        }
    }

    private static let documents = [
        "{\"epoch\":1,\"update\":20,\"trainLoss\":2.25,\"validationAccuracy\":0.5,\"seconds\":0.25,\"imagesPerSecond\":100.5}",
        "{\"a\":[1,-2.5e3,true,false,null,\"x\\u00e9\\ud83d\\ude00\\n\"],\"b\":{\"c\":{}},\"d\":[]}",
    ]

    private static var json: FuzzTarget {
        FuzzTarget(name: "json", mutator: Mutator(seeds: documents.map { Array($0.utf8) })) {
            _ = try JSONValue(parsing: $0).text(pretty: true)
        }
    }

    /// A run's log, and the report that is made of it.
    private static func metrics(_ folder: String) -> FuzzTarget {
        let path = folder + "/run"
        let line = documents[0] + "\n"
        let seeds = [Array((line + line.replacing("\"epoch\":1", with: "\"epoch\":2")).utf8)]
        return FuzzTarget(name: "metrics", mutator: Mutator(seeds: seeds, limit: 4096)) {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try write($0, path + "/metrics.jsonl")
            _ = RunPage.html(try RunRecord(folder: path))
        }
    }

    // MARK: Images

    private static func idx(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/idx"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 0, 1, 0, 1]
        let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 4, 0, 0, 0, 4] + (0..<96).map { UInt8($0) }
        try write(images, path + "/train-images-idx3-ubyte")
        // Both files are of the same format, so both are damaged, by turns.
        return FuzzTarget(name: "idx", mutator: Mutator(seeds: [images, labels], limit: 4096)) { input in
            let isImages = input.count > 40
            try write(isImages ? input : images, path + "/train-images-idx3-ubyte")
            try write(isImages ? labels : input, path + "/train-labels-idx1-ubyte")
            let splits = try openDataset(path)
            for i in 0..<min(4, splits.train.count) { _ = try splits.train.image(i) }
        }
    }

    private static func cifar(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/cifar"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let records = (0..<2).flatMap { label in
            [UInt8(label)] + (0..<3072).map { UInt8(truncatingIfNeeded: $0 + label) }
        }
        for name in (2...5).map({ "data_batch_\($0)" }) + ["test_batch"] { try write(records, path + "/\(name).bin") }
        return FuzzTarget(name: "cifar", mutator: Mutator(seeds: [records])) {
            try write($0, path + "/data_batch_1.bin")
            _ = try openDataset(path).train.count
        }
    }

    /// The names of classes that come with CIFAR's files, a line each: the only list in a plain text file that is read.
    private static func labels(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/names"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let records = (0..<2).flatMap { label in [UInt8(label)] + [UInt8](repeating: 9, count: 3072) }
        for name in (1...5).map({ "data_batch_\($0)" }) + ["test_batch"] { try write(records, path + "/\(name).bin") }
        let names = (0..<10).map { "class \($0)" }.joined(separator: "\n") + "\n"
        return FuzzTarget(name: "list", mutator: Mutator(seeds: [Array(names.utf8)])) {
            try write($0, path + "/batches.meta.txt")
            _ = try openDataset(path).classNames
        }
    }

    private static func jpeg() throws -> FuzzTarget {
        FuzzTarget(name: "jpeg", mutator: Mutator(seeds: SmallImages.jpegs)) {
            _ = try Image(decoding: $0, name: "input")
        }
    }

    private static func png() throws -> FuzzTarget {
        let colour = Image(width: 9, height: 7, channels: 3, pixels: (0..<189).map { UInt8($0) })
        let grey = Image(width: 5, height: 5, channels: 1, pixels: (0..<25).map { UInt8(10 * $0) })
        return FuzzTarget(name: "png", mutator: Mutator(seeds: [try colour.encodedAsPNG(), try grey.encodedAsPNG()])) {
            _ = try Image(decoding: $0, name: "input")
        }
    }

    // MARK: Files

    private static func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
    private static func read(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }
}

/// Of this process, so that other programs on the machine make no input look slow.
private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
