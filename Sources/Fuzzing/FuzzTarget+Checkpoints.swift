import Autograd
import Checkpoints
import Foundation
import JSON
import Layers
import Models
import Reporting
import Tasks
import Tensors
import Training

// Weights, and the states of runs.
extension FuzzTarget {
    static func safetensors(_ folder: String) throws -> FuzzTarget {
        let small = SafetensorsFile(
            metadata: ["format": "pt", "x": "\u{e9}\""],
            tensors: [
                StoredTensor(name: "a", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
                StoredTensor(name: "b", shape: [], integers: [7]), StoredTensor(name: "c", shape: [0], doubles: []),
            ])
        try small.write(path: folder + "/tensors.safetensors")
        let seeds = [try read(folder + "/tensors.safetensors"), try smallWeights(folder, models[0])]
        return FuzzTarget(name: "safetensors", mutator: Mutator(seeds: seeds, structures: [.safetensors])) {
            let file = try SafetensorsFile(bytes: $0, path: "input")
            for tensor in file.tensors {
                _ = tensor.type.isFloatingPoint ? try tensor.doubles().count : try tensor.integers().count
            }
        }
    }

    private static let models = [
        "{name: hornet, baseWidth: 4, depths: [1, 1], orders: [1, 2], mixers: [7x7, gf], stemStride: 1}",
        "{name: convnext, widths: [4, 8], depths: [1, 1], stemStride: 1}",
        "{name: resnet, baseWidth: 2, depths: [1], stem: small}",
        "{name: cvt, widths: [4, 8], heads: [1, 2], depths: [1, 1], embedKernels: [3, 3], embedStrides: [1, 2]}",
        "{name: swin, baseWidth: 4, depths: [1, 2], heads: [1, 2], stemStride: 1, window: 3, fitsWindows: true}",
        "{name: mobileformer, stemWidth: 4, stemStride: 1, widths: [4, 8], expansions: [1, 2], strides: [1, 2], "
            + "tokens: 2, tokenWidth: 4, embedding: 4}",
    ]

    /// A detector of each kind of rules, with the settings that go with its weights.
    private static let detectors = [
        "head: {kind: retinanet, convolutions: 1}", "head: {kind: reppoints, convolutions: 1}",
        "head: {kind: fasterRcnn, boxWidth: 8}",
    ].map { "task: detection\n\($0)\nneck: {channels: 8}\n" }

    /// Header, metadata, the model they name, its values, what it says of an image, and the file written anew.
    static func weights(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/weights.safetensors"
        let resnet = "{name: resnet, baseWidth: 2, depths: [1, 1, 1, 1], classes: 2, inputChannels: 3}"
        let seeds =
            try models.map { try smallWeights(folder, $0) }
            + detectors.map { try smallWeights(folder, resnet, $0, side: 64) }
        return FuzzTarget(name: "weights", mutator: Mutator(seeds: seeds, structures: [.safetensors])) {
            try write($0, path)
            let weights = try Weights.read(path)
            _ = try weights.file { $0 }
            let plan = weights.metadata.transform
            guard try weights.model.trace(height: plan.height, width: plan.width).multiplyAdds < 10_000_000 else {
                return
            }
            let image = Tensor<Float>([1, plan.height, plan.width, plan.channels], repeating: 0.5)
            let output = weights.model(Variable(image), .evaluation(weights.store))
            func predict<C: TaskConfiguration>(_ configuration: C.Type) throws {
                let task = try configuration.task(weights.metadata.vocabulary)
                _ = task.predictions(output, images: ["image"], PredictionOptions(top: 3))
            }
            if let task = TaskRegistry.task(weights.metadata.vocabulary.task) { try predict(task) }
        }
    }

    /// - Parameter more: further sections.
    private static func smallWeights(
        _ folder: String, _ model: String, _ more: String = "", side: Int = 8
    ) throws -> [UInt8] {
        let text = "data: {path: digits, imageSize: [\(side), \(side)]}\nmodel: \(model)\n\(more)"
        try write(Array(text.utf8), folder + "/small.yaml")
        let recipe = try Recipe.load(folder + "/small.yaml")
        let vocabulary = more.isEmpty ? nil : recipe.task.vocabulary(recipe.outline)
        try Weights(fresh: recipe.outline, vocabulary: vocabulary).write(folder + "/small.safetensors")
        return try read(folder + "/small.safetensors")
    }

    /// The manifest of a saved state; what it promises is checked against its checksum first.
    static func manifest(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/state"
        var states = StateStore(directory: path)
        try states.save(files: ["state.bin": .bytes([1, 2, 3])], info: ["epoch": 3, "name": "x"])
        let seed = try read(path + "/00000001/manifest.json")
        return FuzzTarget(name: "manifest", mutator: Mutator(seeds: [seed], structures: [.manifest])) {
            try write($0, path + "/00000001/manifest.json")
            var states = StateStore(directory: path)
            _ = try states.load()
        }
    }

    /// A run that goes on from its state to its end: the manifest and the tensors, each under the checksums that it needs.
    static func state(_ folder: String) throws -> FuzzTarget {
        let path = folder + "/resumed"
        let text = """
            data: {path: digits, imageSize: [8, 8], augmentation: none, flip: 0}
            model: {name: resnet, baseWidth: 2, depths: [1], stem: small}
            optimizer: {ema: {decay: 0.9}}
            training: {epochs: 1, batchSize: 512, threads: 1, loaderThreads: 0, saveEveryMinutes: 0}
            reporting: {htmlReport: false}
            """
        try write(Array(text.utf8), folder + "/resumed.yaml")
        let recipe = try Recipe.load(folder + "/resumed.yaml")
        func run(resuming: Bool) throws {
            let run = try recipe.makeRun(console: .silent)
            let directory = try RunDirectory(path, mode: resuming ? .resume : .new)
            _ = try run.run(in: directory, resuming: resuming)
        }
        try run(resuming: false)
        let name = try FileManager.default.contentsOfDirectory(atPath: path + "/state").sorted().last ?? ""
        let manifest = try read("\(path)/state/\(name)/manifest.json")
        let tensors = try read("\(path)/state/\(name)/state.safetensors")
        let others = try FileManager.default.contentsOfDirectory(atPath: "\(path)/state/\(name)").filter {
            !["manifest.json", "state.safetensors"].contains($0)
        }.map { ($0, try read("\(path)/state/\(name)/\($0)")) }
        let generation = path + "/state/00000001"
        let mutator = Mutator(seeds: [manifest, tensors], structures: [.manifest, .safetensors])
        return FuzzTarget(name: "state", mutator: mutator) { input in
            try? FileManager.default.removeItem(atPath: path + "/state")
            try makeFolder(generation)
            let isManifest = input.first == UInt8(ascii: "{")
            for (name, bytes) in others { try write(bytes, generation + "/" + name) }
            try write(isManifest ? tensors : input, generation + "/state.safetensors")
            try write(isManifest ? input : try resigned(manifest, input), generation + "/manifest.json")
            _ = try FinishedRun(in: path, recipe)
            try run(resuming: true)
        }
    }

    /// The manifest for other tensors.
    private static func resigned(_ manifest: [UInt8], _ tensors: [UInt8]) throws -> [UInt8] {
        guard var content = try JSONValue(parsing: manifest)["content"], var files = content["files"] else {
            throw UnusableInput()
        }
        files["state.safetensors"] = [
            "bytes": .integer(tensors.count), "sha256": .string(SHA256.hexadecimal([tensors])),
        ]
        content["files"] = files
        return Array(StructuredChange.signed(content).text(pretty: true).utf8)
    }
}

extension Console {
    /// Says nothing.
    static var silent: Console { Console(output: Terminal { _ in }, errors: Terminal { _ in }) }
}
