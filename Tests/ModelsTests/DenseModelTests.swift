import Autograd
import Configuration
import Foundation
import Layers
import Models
import Tensors
import Testing

/// Small segmenters that between them have every head and neck.
private let models: [(name: String, ModelSpecification)] = {
    let convnext = ConvNeXtSpecification(widths: [4, 6, 8], depths: [1, 1, 1], stemStride: 2, layerScale: 0.5)
    let resnet = ResNetSpecification(baseWidth: 2, depths: [1, 1, 1])
    let hornet = HorNetSpecification(
        baseWidth: 4, depths: [1, 1, 1], orders: [1, 2, 2], stemStride: 2,
        mixers: [.depthwise7x7, .depthwise7x7, .globalFilter(rows: nil, columns: nil)], layerScale: 0.5)
    let small = FilterExtent(rows: 5, columns: 4)
    let semantic = SemanticFPNHeadSpecification(classes: 3, channels: 5)
    return [
        (
            "upernet",
            ModelSpecification(
                convnext, head: UPerNetHeadSpecification(classes: 3, channels: 4, auxiliaryChannels: 5))
        ),
        (
            "upernet, HorFPN",
            ModelSpecification(
                hornet,
                head: UPerNetHeadSpecification(
                    classes: 3, channels: 4, dropout: 0.2, auxiliary: false, fusion: .gnconvGF, filter: small))
        ),
        ("semanticFPN", ModelSpecification(resnet, neck: FeaturePyramidSpecification(channels: 4), head: semantic)),
        (
            "semanticFPN, HorFPN",
            ModelSpecification(
                hornet, neck: FeaturePyramidSpecification(channels: 4, fusion: .gnconvGF, filter: small),
                head: semantic)
        ),
        (
            "fcn",
            ModelSpecification(resnet, head: FCNHeadSpecification(classes: 3, channels: 4, convolutions: 2))
        ),
        (
            "fcn, gnConv",
            ModelSpecification(
                convnext, head: FCNHeadSpecification(classes: 3, channels: 4, maps: .coarsest, fusion: .gnconv7x7))
        ),
        ("unet", ModelSpecification(UNetSpecification(baseWidth: 2), head: UNetHeadSpecification(classes: 3))),
        ("unet over HorNet", ModelSpecification(hornet, head: UNetHeadSpecification(classes: 3))),
        ("unet over ResNet", ModelSpecification(resnet, head: UNetHeadSpecification(classes: 3, bilinear: true))),
        ("segnetr", ModelSpecification(SegNetrSpecification(baseWidth: 4), head: SegNetrHeadSpecification(classes: 3))),
        (
            "segnetr without both",
            ModelSpecification(
                SegNetrSpecification(baseWidth: 4, globalBranch: false),
                head: SegNetrHeadSpecification(classes: 3, irsc: false, globalBranch: false))
        ),
    ]
}()

@Suite struct DenseModelTests {
    /// Made for one size and run at another, odd ones included; every parameter has a gradient and is in the tree once.
    @Test(arguments: models.indices)
    func answersAreLogitsForEveryPixelOfAMap(index: Int) throws {
        let (name, specification) = models[index]
        let model = try specification.makeModel(height: 32, width: 32)
        #expect(model.classes == 3 && specification.classes == 3)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        let sizes = name.hasPrefix("segnetr") ? [(32, 32), (64, 32)] : [(32, 32), (41, 50), (64, 29)]
        for (height, width) in sizes {
            let taps = try model.taps(height: height, width: width)
            let images = Variable(Tensor<Float>([2, height, width, 3], repeating: 0.5))
            let evaluated = model(images, .evaluation(store))
            #expect(evaluated.features.map(\.shape) == taps.map { Shape([2, $0.height, $0.width, $0.channels]) })
            let map = try #require(name == "fcn, gnConv" ? taps.last : taps.first)
            #expect(evaluated.answer.map(\.shape) == [[2, map.height, map.width, 3]], "\(name)")
            let trace = try model.trace(height: height, width: width)
            #expect(trace.parameters == model.parameters.parameterCount, "\(name)")

            let tape = Tape<Float>()
            let context = Context(store, mode: .training, tape: tape, random: RandomKey(seed: 1, purpose: "step"))
            let answer = model(images, context).answer
            #expect(answer.count == (name == "upernet" ? 2 : 1))
            tape.backward(from: answer.map { ($0, $0.value) })
            let gradients = Storage<Float>(count: store.list.flatCount)
            #expect(context.collectGradients(into: gradients) == [])
        }
    }

    /// Gradients along a random direction for each parameter against central differences, in training mode.
    @Test(arguments: models.indices)
    func gradientsAgreeWithDifferences(index: Int) throws {
        let (name, specification) = models[index]
        let (height, width) = name.hasPrefix("segnetr") ? (32, 32) : (18, 21)
        // SegNetr has no kinks, and many results to add up, whose rounding is large beside a small gradient.
        let isSegNetr = name.hasPrefix("segnetr")
        try checkGradients(
            specification, height: height, width: width, step: isSegNetr ? 1e-6 : 2e-7, scale: isSegNetr ? 10 : 1)
    }

    /// The auxiliary head costs nothing where nobody trains.
    @Test func theAuxiliaryHeadCountsForTrainingAlone() throws {
        func trace(_ auxiliary: Bool) throws -> ModelTrace.Node {
            try ModelSpecification(
                ResNetSpecification(baseWidth: 2, depths: [1, 1]),
                head: UPerNetHeadSpecification(classes: 3, channels: 4, auxiliary: auxiliary)
            ).makeModel(height: 32, width: 32).trace(height: 32, width: 32)
        }
        let (with, without) = (try trace(true), try trace(false))
        #expect(with.multiplyAdds == without.multiplyAdds)
        #expect(with.parameters > without.parameters)
        #expect(with.children.last?.kind == "FCN head, in training alone")
    }

    /// Channels as a whole, scaled so that the mean stays, the same in a part of a batch as in the whole.
    @Test func dropoutDropsChannelsOfEachSample() {
        let dropout = ChannelDropout("head", rate: 0.25)
        let list = Scope().list
        func run(_ samples: Int, first: Int, mode: Context<Float>.Mode = .training) -> [Float] {
            let context = Context<Float>(
                ParameterStore(list, seed: 0), mode: mode, random: RandomKey(seed: 3, purpose: "step"),
                firstSample: first)
            return dropout(Variable(Tensor([samples, 2, 1, 200], repeating: 3)), context).value.array
        }
        let all = run(4, first: 0)
        #expect(Set(all) == [0, 4])
        let kept = all.filter { $0 > 0 }.count
        #expect(abs(Double(kept) / Double(all.count) - 0.75) < 0.05)
        for sample in 0..<4 {
            #expect(
                Array(all[sample * 400..<sample * 400 + 200]) == Array(all[sample * 400 + 200..<sample * 400 + 400]))
        }
        #expect(Array(all[800...]) == run(2, first: 2))
        #expect(Array(all[..<800]) != run(2, first: 2))
        #expect(run(1, first: 0, mode: .evaluation).allSatisfy { $0 == 3 })
    }

    @Test func specificationsSurviveTheirStoredForm() throws {
        for (name, specification) in models {
            let read = try JSONDecoder().decode(
                ModelSpecification.self, from: try JSONEncoder().encode(specification))
            #expect(read == specification, "\(name)")
        }
    }

    @Test func impossibleHeadsAndNecksAreRefusedInOneSentence() {
        let backbone = ResNetSpecification(baseWidth: 2, depths: [1, 1])
        func message(neck: FeaturePyramidSpecification? = nil, _ head: any HeadSpecification) -> String {
            do {
                _ = try ModelSpecification(backbone, neck: neck, head: head).makeModel(height: 32, width: 32)
                return ""
            } catch { return "\(error)" }
        }
        #expect(
            message(neck: FeaturePyramidSpecification(), FCNHeadSpecification(classes: 3, maps: .coarsest)).hasPrefix(
                "the head fcn reads the coarsest map alone, so layers of the neck would never be trained"))
        #expect(
            message(UPerNetHeadSpecification(classes: 3, channels: 0))
                == "model.head.channels is 0, expected 1 to 8192")
        #expect(
            message(UPerNetHeadSpecification(classes: 3, channels: 5, fusion: .gnconv7x7)).hasPrefix(
                "decode_head.fpn_bottleneck: gnConv of order 2 needs channels divisible by 2"))
        #expect(
            message(UPerNetHeadSpecification(classes: 3, channels: 6, fusion: .gnconvGF)).hasPrefix(
                "decode_head.fpn_bottleneck: a global filter needs an even number of gates"))
        #expect(
            message(
                neck: FeaturePyramidSpecification(fusion: .gnconvGF, filter: FilterExtent(rows: 0)),
                FCNHeadSpecification(classes: 3)) == "a fusion's filter has 0 rows or columns, expected 1 to 16384")
        #expect(
            message(UPerNetHeadSpecification(classes: 3, poolScales: [0]))
                == "model.head.poolScales is [0], expected at most 8 numbers from 1 to 64")
        #expect(
            message(FCNHeadSpecification(classes: 3, dropout: 1))
                == "model.head.dropout is 1.0, expected at least 0 and below 1")
    }

    @Test func keysAreReadFromASection() throws {
        func read<T>(_ text: String, _ body: (ConfigurationReader) -> T?) throws -> T {
            try #require(try ConfigurationDocument.parse(text: text, name: "test").read(body))
        }
        let upernet = try read(
            "{channels: 64, poolScales: [1, 2], dropout: 0, auxiliary: false, auxiliaryChannels: 8}",
            UPerNetHeadSpecification.read)
        #expect(
            upernet
                == UPerNetHeadSpecification(
                    classes: 2, channels: 64, poolScales: [1, 2], dropout: 0, auxiliary: false, auxiliaryChannels: 8))
        #expect(
            try read("{channels: 96}", FeaturePyramidSpecification.read) == FeaturePyramidSpecification(channels: 96))
        #expect(
            try read("{channels: 32, maps: coarsest, convolutions: 2}", FCNHeadSpecification.read)
                == FCNHeadSpecification(classes: 2, channels: 32, convolutions: 2, maps: .coarsest))
        #expect(
            try read("{dropout: 0.5}", SemanticFPNHeadSpecification.read)
                == SemanticFPNHeadSpecification(classes: 2, dropout: 0.5))
    }

    @Test func namesOfOtherLibrariesAreRead() throws {
        let hornet = ModelSpecification(
            try #require(HorNetSpecification.variant("hornet_tiny_7x7")), neck: FeaturePyramidSpecification(),
            head: UPerNetHeadSpecification(classes: 150))
        for (theirs, ours) in [
            ("backbone.norm3.weight", "norm3.weight"), ("backbone.stages.0.0.gamma1", "stages.0.0.gamma1"),
            ("decode_head.bottleneck.conv.weight", "decode_head.bottleneck.conv.weight"),
            ("module.decode_head.fpn_convs.0.batch_norm.bias", "decode_head.fpn_convs.0.bn.bias"),
            ("auxiliary_head.classifier.bias", "auxiliary_head.conv_seg.bias"),
            ("neck.fpn_convs.2.conv.weight", "neck.fpn_convs.2.conv.weight"),
            ("backbone.fpn.inner_blocks.1.0.bias", "neck.lateral_convs.1.conv.bias"),
            ("backbone.fpn.layer_blocks.3.0.weight", "neck.fpn_convs.3.conv.weight"),
        ] {
            #expect(hornet.canonicalName(theirs) == ours)
        }
        // A classifier has one norm at the end.
        let classifier = ModelSpecification(hornet.backbone)
        #expect(classifier.canonicalName("backbone.norm3.weight") == "norm.weight")
        let convnext = ModelSpecification(
            ConvNeXtSpecification(widths: [4], depths: [1]), head: FCNHeadSpecification(classes: 2))
        for (theirs, ours) in [
            ("backbone.downsample_layers.0.0.weight", "stem.0.weight"),
            ("backbone.downsample_layers.2.1.bias", "stages.2.downsample.1.bias"),
            ("backbone.stages.1.2.pwconv2.weight", "stages.1.blocks.2.mlp.fc2.weight"),
            ("backbone.stages.1.2.gamma", "stages.1.blocks.2.gamma"),
            ("convnext.encoder.stages.3.downsampling_layer.0.weight", "stages.3.downsample.0.weight"),
            ("stages.0.blocks.0.norm.weight", "stages.0.blocks.0.norm.weight"),
            ("stages.1.downsample.1.weight", "stages.1.downsample.1.weight"),
        ] {
            #expect(convnext.canonicalName(theirs) == ours)
        }
    }
}
