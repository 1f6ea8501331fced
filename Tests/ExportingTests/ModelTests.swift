import Exporting
import Layers
import Models
import Testing

private func filters(_ rows: Int? = nil, _ columns: Int? = nil) -> HorNetSpecification.Mixer {
    .globalFilter(rows: rows, columns: columns)
}

private func dynamic(_ kernels: KernelSpecification) -> ModelSpecification {
    ModelSpecification(ResNetSpecification(baseWidth: 4, depths: [1, 2], stem: .small, kernels: kernels, classes: 5))
}

private func grouped(_ kernels: KernelSpecification? = nil) -> ModelSpecification {
    ModelSpecification(
        ResNetSpecification(
            baseWidth: 4, depths: [1, 2], block: .bottleneck, stem: .small, grouping: .init(groups: 3, width: 2),
            kernels: kernels, classes: 5))
}

/// Small models that between them use everything that families have; odd and unequal sizes throughout.
private let samples: [(name: String, specification: ModelSpecification, height: Int, width: Int)] = [
    (
        "hornet 7x7",
        ModelSpecification(
            HorNetSpecification(
                baseWidth: 8, depths: [1, 2], orders: [3, 1], stemStride: 2,
                mixers: [.depthwise7x7, .depthwise7x7], classes: 5)), 14, 11
    ),
    (
        "hornet global filter",
        ModelSpecification(
            HorNetSpecification(
                baseWidth: 8, depths: [1, 1, 1], orders: [1, 2, 4], stemStride: 1,
                mixers: [filters(), filters(), .depthwise7x7], gateScale: 0.4, classes: 4, inputChannels: 1)), 10, 13
    ),
    (
        "hornet with resized filters, without layer scale",
        ModelSpecification(
            HorNetSpecification(
                baseWidth: 4, depths: [1, 1], orders: [2, 2], stemStride: 4, mixers: [filters(5, 4), filters(2, 3)],
                layerScale: 0, classes: 3)), 28, 24
    ),
    (
        "convnext",
        ModelSpecification(ConvNeXtSpecification(widths: [6, 9], depths: [1, 2], stemStride: 2, classes: 5)), 13, 18
    ),
    (
        "convnext without layer scale",
        ModelSpecification(ConvNeXtSpecification(widths: [6], depths: [1], stemStride: 4, layerScale: 0, classes: 2)),
        9, 12
    ),
    (
        "resnet bottleneck",
        ModelSpecification(ResNetSpecification(baseWidth: 3, depths: [1, 2], block: .bottleneck, classes: 5)), 21, 18
    ),
    (
        "resnet basic, option A",
        ModelSpecification(
            ResNetSpecification(
                baseWidth: 4, depths: [2, 1], stem: .small, shortcut: .padding, classes: 5)), 9, 7
    ),
    (
        "cvt with class token",
        ModelSpecification(
            CvTSpecification(
                widths: [4, 6, 8], heads: [1, 2, 4], depths: [1, 1, 2], classes: 5)), 37, 33
    ),
    (
        "cvt without",
        ModelSpecification(
            CvTSpecification(
                widths: [4, 6], heads: [2, 3], depths: [1, 1], embedKernels: [3, 3], embedStrides: [2, 2], keyStride: 1,
                classToken: false, activation: .gelu, classes: 3)), 11, 14
    ),
    (
        "swin, extended at every step",
        ModelSpecification(
            SwinSpecification(
                baseWidth: 8, depths: [2, 2], heads: [2, 4], stemStride: 2, window: 3, shiftsAlways: true, classes: 5)),
        9, 14
    ),
    (
        "mobile-former",
        ModelSpecification(
            MobileFormerSpecification(
                stemWidth: 4, widths: [4, 6, 6, 8, 8], expansions: [2, 2, 3, 2, 2], strides: [1, 2, 1, 1, 2],
                tokens: .init(count: 3, width: 8), ending: .init(expansion: 2, width: 9), classes: 5)), 13, 18
    ),
    (
        "mobile-former in groups",
        ModelSpecification(
            MobileFormerSpecification(
                stemWidth: 4, widths: [8, 8, 8], expansions: [3, 2, 2], strides: [2, 2, 1],
                tokens: .init(count: 1, width: 4), ending: .init(expansion: 2, width: 6), groups: 4, classes: 3)), 16,
        11
    ),
    (
        "swin with fitted windows",
        ModelSpecification(
            SwinSpecification(
                baseWidth: 6, depths: [2, 2], heads: [1, 3], stemStride: 2, window: 4, fitsWindows: true, classes: 3)),
        16, 12
    ),
    ("mobilenetv2", ModelSpecification(MobileNetV2Specification(width: 0.1, classes: 4)), 19, 22),
    (
        "mobilenetv2 odConv, one expert",
        ModelSpecification(
            MobileNetV2Specification(
                width: 0.1, stem: .small, kernels: KernelSpecification(.odConv, experts: 1), classes: 4)), 9, 8
    ),
    (
        "affnet",
        ModelSpecification(
            AFFNetSpecification(
                widths: [4, 6, 8, 8, 16], depths: [1, 2, 1], expansion: 2, stem: .small, classes: 3)), 9, 14
    ),
    ("resnext", grouped(), 9, 7), ("resnext odConv", grouped(KernelSpecification(.odConv, experts: 2)), 9, 7),
    ("resnext kernelWarehouse", grouped(KernelSpecification(.kernelWarehouse)), 9, 7),
    ("resnet condConv", dynamic(KernelSpecification(.condConv, experts: 3)), 9, 7),
    ("resnet dyConv", dynamic(KernelSpecification(.dyConv)), 9, 7),
    ("resnet odConv", dynamic(KernelSpecification(.odConv)), 9, 7),
    ("resnet kernelWarehouse", dynamic(KernelSpecification(.kernelWarehouse, budget: 0.5)), 9, 7),
]

@Suite struct ModelTests {
    /// Every way in which a mixnet mixes space; odd and unequal sizes.
    @Test(arguments: MixNetMixer.allCases)
    func graphsOfAllMixersComputeWhatModelsCompute(mixer: MixNetMixer) throws {
        let specification = ModelSpecification(
            MixNetSpecification(mixer: mixer, widths: [16, 32], depths: [2, 1], classes: 5))
        try expectSameLogits(mixer.rawValue, specification, height: 9, width: 11)
    }

    /// The graphs, computed operator by operator, give the models' logits at several batch sizes.
    @Test(arguments: samples.indices)
    func graphsComputeWhatModelsCompute(index: Int) throws {
        let (name, specification, height, width) = samples[index]
        try expectSameLogits(name, specification, height: height, width: width)
    }

    private func expectSameLogits(
        _ name: String, _ specification: ModelSpecification, height: Int, width: Int
    ) throws {
        let sample = try Sample(specification, height: height, width: width)
        let graph = Interpreter(model: try sample.exported())
        for count in [1, 3] {
            let (images, expected) = sample.results(images: count)
            let logits = try #require(try graph.run(["images": images])["logits"])
            #expect(logits.shape == [count, specification.classes])
            let largest = expected.map(abs).max()!
            #expect(largest > 0.05, "\(name): the logits carry no signal")
            // Matrices and small constants are rounded to single precision.
            for (a, b) in zip(logits.values, expected) { #expect(abs(a - b) <= 3e-6 * max(1, largest), "\(name)") }
        }
    }

    @Test func filesSayWhatTheyTake() throws {
        let sample = try Sample(samples[1].specification, height: 10, width: 13)
        let file = try sample.exported(metadata: ["b": "2", "a": "1"])
        #expect(file.version == 8 && file.producer == "hornbeam" && file.operatorSets == ["": 17])
        #expect(file.inputs == [.init(name: "images", type: 1, shape: ["batch", "1", "10", "13"])])
        #expect(file.outputs == [.init(name: "logits", type: 1, shape: ["batch", "4"])])
        #expect(file.metadata == ["a": "1", "b": "2"])
        #expect(Set(file.nodes.map(\.name)).count == file.nodes.count, "nodes need names of their own")
        for (name, constant) in file.constants {
            let size = constant.type == 7 ? 8 : 4
            #expect(
                [1, 7].contains(constant.type) && constant.raw.count == size * constant.shape.reduce(1, *), "\(name)")
        }
        let used = Set(file.nodes.flatMap(\.inputs))
        #expect(Set(file.constants.keys).isSubset(of: used), "every constant is used")
        #expect(used.contains("stages.0.0.gnconv.dwconv.complex_weight.real"))
        // A weight that the graph takes as it is keeps its name and values.
        let weight = try #require(sample.tensors.first { $0.name == "downsample_layers.1.1.weight" })
        #expect(file.constants[weight.name]?.floats == weight.values)
        #expect(file.constants[weight.name]?.shape == weight.shape)
    }

    /// No transform, no control flow and nothing of later operator sets: what runs anywhere.
    @Test(arguments: samples.indices)
    func graphsUseOrdinaryOperators(index: Int) throws {
        let sample = try Sample(
            samples[index].specification, height: samples[index].height, width: samples[index].width)
        let known: Set = [
            "Add", "Sub", "Mul", "MatMul", "Erf", "Relu", "Sigmoid", "Transpose", "Concat", "Split", "Reshape", "Shape",
            "Expand", "LayerNormalization", "BatchNormalization", "Softmax", "ReduceMean", "Pad", "Conv", "MaxPool",
            "Clip", "Div", "Max", "Gather",
        ]
        let others = Set(try sample.exported().nodes.map(\.kind)).subtracting(known)
        #expect(others.isEmpty, "\(others)")
    }

    @Test func equalModelsGiveEqualFiles() throws {
        let sample = try Sample(samples[2].specification, height: 28, width: 24)
        func bytes() throws -> [UInt8] {
            Array(
                try ONNXModel(
                    sample.specification, height: 28, width: 24, tensors: sample.tensors, metadata: ["a": "b"]
                )
                .pieces.joined())
        }
        #expect(try bytes() == bytes())
    }

    @Test func tensorsThatDoNotFitAreNamed() throws {
        let sample = try Sample(samples[0].specification, height: 14, width: 11)
        func problem(_ tensors: [NamedArray<Float>]) -> String {
            do {
                _ = try ONNXModel(sample.specification, height: 14, width: 11, tensors: tensors)
                return "none"
            } catch { return "\(error)" }
        }
        #expect(problem(sample.tensors) == "none")
        #expect(
            problem(sample.tensors.filter { $0.name != "stages.1.0.norm2.bias" })
                == "the weights have no stages.1.0.norm2.bias, which the model needs")
        #expect(
            problem(
                sample.tensors.map {
                    $0.name == "downsample_layers.0.0.weight"
                        ? NamedArray(name: $0.name, shape: [8], values: Array(repeating: 0, count: 8)) : $0
                }) == "downsample_layers.0.0.weight has the shape [8], expected 4 axes")
    }
}
