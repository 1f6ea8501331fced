import Checkpoints
import Foundation
import Layers
import Tensors
import Testing
import Training

/// Weights files whose metadata or values are not what any training wrote.
@Suite struct HostileWeightsTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/w.safetensors" }

    init() throws { folder = try TemporaryFolder() }

    /// Small weights of a family.
    private func weights(_ model: String) throws -> SafetensorsFile {
        let recipe = try recipe([], "data: {path: digits, imageSize: [8, 8]}\nmodel: \(model)\n")
        let data = try prepared(recipe)
        let made = try data.specification.makeModel(height: 8, width: 8)
        let metadata = WeightsMetadata(
            specification: data.specification, vocabulary: data.vocabulary, transform: data.plan)
        try Weights(metadata: metadata, model: made, store: ParameterStore<Float>(made.parameters, seed: 0)).write(path)
        return try SafetensorsFile.read(path: path)
    }

    private static let hornet =
        "{name: hornet, baseWidth: 4, depths: [1], orders: [2], mixers: [gf], stemStride: 2}"
    private static let convnext = "{name: convnext, widths: [4], depths: [1], stemStride: 4}"
    private static let resnet = "{name: resnet, baseWidth: 2, depths: [1], stem: small}"
    private static let cvt =
        "{name: cvt, widths: [4], heads: [1], depths: [1], embedKernels: [3], embedStrides: [4]}"

    private func failure(_ file: SafetensorsFile) throws -> String {
        try file.write(path: path)
        do {
            _ = try Weights.read(path)
            return "none"
        } catch { return "\(error)" }
    }

    private func replacing(_ file: SafetensorsFile, _ key: String, _ old: String, _ new: String) throws
        -> SafetensorsFile
    {
        var file = file
        let text = try #require(file.metadata["hornbeam." + key])
        #expect(text.contains(old), "\(text)")
        file.metadata["hornbeam." + key] = text.replacing(old, with: new)
        return file
    }

    @Test func aModelThatNoMachineHoldsIsRefusedBeforeItIsBuilt() throws {
        for (model, old, new, expected) in [
            (Self.convnext, #""widths":[4]"#, #""widths":[2147483648]"#, "model.widths is [2147483648]"),
            (Self.convnext, #""widths":[4]"#, #""widths":[100000]"#, "model.widths is [100000]"),
            (Self.convnext, #""widths":[4]"#, #""widths":[8192]"#, "the entries do not fit the model: it has 53"),
            (Self.convnext, #""depths":[1]"#, #""depths":[256]"#, "the entries do not fit the model: it has"),
            (Self.hornet, #""depths":[1]"#, #""depths":[65535]"#, "model.depths is [65535]"),
            (Self.hornet, #""columns":3"#, #""columns":-1"#, "filter of -1 rows or columns"),
            (Self.hornet, #""rows":4"#, #""rows":1000000000"#, "filter of 1000000000 rows or columns"),
            (Self.hornet, #""rows":4"#, #""rows":9223372036854775807"#, "rows or columns"),
            (Self.cvt, #""embedKernels":[3]"#, #""embedKernels":[4611686018427387904]"#, "model.embedKernels is"),
            (Self.cvt, #""embedKernels":[3]"#, #""embedKernels":[-3]"#, "model.embedKernels is [-3]"),
            (Self.resnet, #""baseWidth":2"#, #""baseWidth":4096"#, "the entries do not fit the model: it has"),
            (Self.resnet, #""classes":10"#, #""classes":9223372036854775807"#, "classes"),
        ] {
            let found = try failure(try replacing(try weights(model), "model", old, new))
            #expect(found.hasPrefix(path) && found.contains(expected), "\(new): \(found)")
        }
    }

    @Test func anInputThatTakesGigabytesIsRefused() throws {
        let file = try weights(Self.resnet)
        for side in ["16384", "8192", "9223372036854775807", "-1", "0"] {
            var changed = try replacing(file, "transform", #""height":8"#, "\"height\":\(side)")
            changed = try replacing(changed, "transform", #""width":8"#, "\"width\":\(side)")
            #expect(try failure(changed).contains("impossible"), "\(side)")
        }
        // Within the bounds of pixels, and still half a gigabyte in the first layer.
        var large = try replacing(try weights(Self.cvt), "transform", #""height":8"#, #""height":4096"#)
        large = try replacing(large, "transform", #""width":8"#, #""width":4096"#)
        #expect(try failure(large).contains("numbers in one layer of this model"), "the scores of attention")
        let found = try failure(
            try replacing(file, "transform", #""deviation":["#, #""deviation":[1e-45,"#))
        #expect(found.contains("impossible") || found.contains("cannot be read"), "\(found)")
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func aValueThatIsNotFiniteIsNamedWithItsParameter(value: Float) throws {
        let file = try weights(Self.hornet)
        let name = "downsample_layers.0.0.weight"
        let entry = try #require(file[name])
        var values = try entry.floats()
        values[3] = value
        let found = try failure(try replacing(file, name, values))
        #expect(found.contains("the entry \(name) holds a value of 16 that is not finite (\(value))"), "\(found)")
        // As the start of a training, too.
        let recipe = try recipe(
            ["model={weights: \(path)}"], "data: {path: digits, imageSize: [8, 8]}\nmodel: \(Self.hornet)\n")
        do {
            _ = try run(of: recipe)
            Issue.record("the weights were taken")
        } catch { #expect("\(error)".contains("is not finite"), "\(error)") }
    }

    private func replacing(_ file: SafetensorsFile, _ name: String, _ values: [Float]) throws -> SafetensorsFile {
        SafetensorsFile(
            metadata: file.metadata,
            tensors: file.tensors.map {
                $0.name == name ? StoredTensor(name: name, shape: $0.shape, floats: values) : $0
            })
    }

    @Test func aCountOfBatchesThatIsNoneIsRefusedWhateverItsType() throws {
        let file = try weights(Self.resnet)
        let name = "bn1.num_batches_tracked"
        let hostile: [StoredTensor] =
            [Int.max, .min, -1, (1 << 53) + 1, 1 << 62].map { StoredTensor(name: name, shape: [], integers: [$0]) }
            + [Float.nan, 1e30, -.infinity, 0.5].map { StoredTensor(name: name, shape: [], floats: [$0]) }
            + [Double.nan, 1e300, -1].map { StoredTensor(name: name, shape: [], doubles: [$0]) }
        for tensor in hostile {
            let changed = SafetensorsFile(
                metadata: file.metadata, tensors: file.tensors.map { $0.name == name ? tensor : $0 })
            let found = try failure(changed)
            #expect(
                found.contains("\(name) is ") && found.contains("expected a whole number from 0 to 2^53"), "\(found)")
        }
        let whole = SafetensorsFile(
            metadata: file.metadata,
            tensors: file.tensors.map {
                $0.name == name ? StoredTensor(name: name, shape: [], integers: [1 << 53]) : $0
            })
        #expect(try failure(whole) == "none")
        #expect(try Weights.read(path).file { $0 }[name]?.integers() == [1 << 53])
    }

    /// What a computation makes of a count must not stop the program when it is written.
    @Test func aCountThatIsNoNumberIsWrittenAsOne() throws {
        _ = try weights(Self.resnet)
        let weights = try Weights.read(path)
        let index = try #require(weights.store.list.buffers.firstIndex { $0.isInteger })
        for (value, written) in [(Float.nan, 0), (.infinity, 1 << 53), (-5, 0), (1e30, 1 << 53), (7, 7)] {
            weights.store.setBuffer(index, Tensor(value))
            let name = weights.store.list.buffers[index].name
            #expect(try weights.file { $0 }[name]?.integers() == [written])
        }
    }

    /// Filters for another image size are resized, so they may be smaller in the file, but not without a bound.
    @Test func filtersMayBeSmallerInTheFile() throws {
        let file = try weights(Self.hornet)
        #expect(try failure(try replacing(file, "model", #""rows":4"#, #""rows":12"#)) == "none")
        let huge = try replacing(
            try replacing(file, "model", #""rows":4"#, #""rows":16384"#), "model", #""columns":3"#, #""columns":16384"#)
        #expect(try failure(huge).contains("the entries do not fit the model"))
    }
}
