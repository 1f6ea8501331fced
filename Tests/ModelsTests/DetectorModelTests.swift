import Autograd
import Configuration
import Detection
import Foundation
import Layers
import Models
import Tensors
import Testing

private let backbone = ResNetSpecification(baseWidth: 4, depths: [1, 1, 1, 1])

/// A small detector; `change` is made to the head's usual neck.
private func detector(
    _ head: any DetectorHeadSpecification, _ change: (inout FeaturePyramidSpecification) -> Void = { _ in }
) -> ModelSpecification {
    var neck = head.usualNeck
    neck.channels = 8
    change(&neck)
    return ModelSpecification(backbone, neck: neck, head: head)
}

private let heads: [any DetectorHeadSpecification] = [
    RetinaNetHeadSpecification(classes: 3), RetinaNetHeadSpecification(classes: 2, style: .torchvision, groups: 2),
    RepPointsHeadSpecification(classes: 3, groups: 4), RepPointsHeadSpecification(classes: 3, transform: .minMax),
    RegionHeadSpecification(classes: 3, kind: .fasterRcnn, box: .init(width: 6)),
    RegionHeadSpecification(classes: 3, kind: .maskRcnn, style: .torchvision, box: .init(width: 6)),
    RegionHeadSpecification(
        classes: 3, kind: .cascadeMaskRcnn, box: .init(convolutions: 1, linear: 1, width: 6),
        mask: .init(convolutions: 1)),
]

@Suite struct DetectorModelTests {
    /// Every parameter has a gradient when all that a detector says is asked for, and no region is one of the cases.
    @Test(arguments: heads.indices, [0, 5])
    func everyParameterIsReached(index: Int, count: Int) throws {
        let specification = detector(heads[index]) { $0.upward = index == 0 }
        let model = try specification.makeModel(height: 64, width: 96)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        let tape = Tape<Float>()
        let context = Context(store, mode: .training, tape: tape)
        var random = Random(seed: 2, purpose: "images")
        let output = model(Variable(.normal([2, 64, 96, 3], from: &random)), context)
        var said = output.answer
        if let regions = output.regions {
            let rows = (0..<count).flatMap { row -> [Float] in
                let side = Float(4 << row)
                return [Float(row % 2), 3, 5, 3 + side, 5 + side]
            }
            for stage in 0..<regions.stages {
                let boxes = regions.boxes(Tensor([count, 5], rows), stage: stage)
                let masks = regions.masks(Tensor([count, 5], rows), stage: stage)
                #expect(boxes.classes.shape == [count, 4])
                #expect((masks == nil) == !heads[index].answersMasks)
                #expect(masks?.shape.dimensions.dropLast() ?? [count, 28, 28] == [count, 28, 28])
                said += [boxes.classes, boxes.deltas] + (masks.map { [$0] } ?? [])
            }
        }
        #expect(said.allSatisfy { $0.value.array.allSatisfy(\.isFinite) })
        tape.backward(from: said.map { ($0, Tensor($0.shape, repeating: 1)) })
        let gradients = Storage<Float>(count: store.list.flatCount)
        #expect(context.collectGradients(into: gradients) == [])
    }

    /// What is said about a region does not depend on the regions beside it, their order or their level.
    @Test func regionsAreAnsweredByThemselves() throws {
        let model = try detector(RegionHeadSpecification(classes: 3, kind: .maskRcnn, box: .init(width: 6)))
            .makeModel(height: 128, width: 128)
        let store = ParameterStore<Double>(model.parameters, seed: 1)
        store.redraw(seed: 4)
        var random = Random(seed: 2, purpose: "images")
        let images = Variable<Double>(.normal([2, 128, 128, 3], from: &random))
        let regions = try #require(model(images, .evaluation(store)).regions)
        // Sides of 10, 120, 230 and 20 pixels: levels 0, 1, 2 and 0.
        let rows: [[Double]] = [
            [1, 4, 4, 14, 14], [0, 2, 3, 122, 123], [1, -50, -60, 180, 170], [0, 40, 50, 60, 70],
        ]
        let all = regions.boxes(Tensor([4, 5], rows.flatMap { $0 }), stage: 0)
        let masks = try #require(regions.masks(Tensor([4, 5], rows.flatMap { $0 }), stage: 0))
        for (index, row) in rows.enumerated() {
            let one = regions.boxes(Tensor([1, 5], row), stage: 0)
            let mask = try #require(regions.masks(Tensor([1, 5], row), stage: 0))
            #expect(relativeError(one.classes.value.array, all.classes.rows([Int32(index)]).value.array) < 1e-12)
            #expect(relativeError(one.deltas.value.array, all.deltas.rows([Int32(index)]).value.array) < 1e-12)
            #expect(relativeError(mask.value.array, masks.rows([Int32(index)]).value.array) < 1e-12)
        }
    }

    /// Gradients along a random direction for each parameter against central differences.
    /// In evaluation they are answered in parts.
    @Test func manyRegionsAreAnsweredAsFewAre() throws {
        let model = try detector(RegionHeadSpecification(classes: 3, kind: .maskRcnn, box: .init(width: 6)))
            .makeModel(height: 64, width: 64)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        store.redraw(seed: 4)
        var random = Random(seed: 2, purpose: "images")
        let output = model(Variable(.normal([2, 64, 64, 3], from: &random)), .evaluation(store))
        let regions = try #require(output.regions)
        func rows(_ count: Int) -> Tensor<Float> {
            Tensor(
                [count, 5],
                (0..<count).flatMap { row -> [Float] in
                    let kind = Float(row % 7)
                    return [Float(row % 7 % 2), kind, 2, 8 + 9 * kind, 20 + 5 * kind]
                })
        }
        func check(_ many: Tensor<Float>, _ few: Tensor<Float>) {
            let run = few.elementCount / 7
            let (all, some) = (many.array, few.array)
            #expect(
                (0..<many.shape[0]).allSatisfy {
                    all[$0 * run..<($0 + 1) * run] == some[$0 % 7 * run..<($0 % 7 + 1) * run]
                })
        }
        let (many, few) = (regions.boxes(rows(1100), stage: 0), regions.boxes(rows(7), stage: 0))
        #expect(many.classes.shape == [1100, 4])
        check(many.classes.value, few.classes.value)
        check(many.deltas.value, few.deltas.value)
        let masks = try #require(regions.masks(rows(150), stage: 0))
        #expect(masks.shape.dimensions.prefix(3) == [150, 28, 28])
        check(masks.value, try #require(regions.masks(rows(7), stage: 0)).value)
    }

    @Test(arguments: [0, 1])
    func gradientsAgreeWithDifferences(index: Int) throws {
        try checkGradients(detector(heads[index]), height: 40, width: 48, step: 2e-7, scale: 1)
    }

    /// Running statistics stay; affine values are trained, or held from the start.
    @Test(arguments: BackboneNorm.allCases)
    func normsOfTheBackboneDoWhatTheHeadSays(norm: BackboneNorm) throws {
        let model = try detector(RetinaNetHeadSpecification(classes: 2, backboneNorm: norm))
            .makeModel(height: 64, width: 64)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        let held = zip(store.list.entries, store.isTrainable).filter { !$1 }.map(\.0.name)
        let affine = store.list.entries.map(\.name).filter { $0.contains("bn") || $0.contains("downsample.1.") }
        #expect(held == (norm == .frozen ? affine : []))
        let tape = Tape<Float>()
        let context = Context(store, mode: .training, tape: tape)
        let answer = model(Variable(Tensor([1, 64, 64, 3], (0..<12288).map { Float($0 % 7) })), context).answer
        tape.backward(from: answer.map { ($0, Tensor($0.shape, repeating: 1)) })
        let gradients = Storage<Float>(count: store.list.flatCount)
        #expect(context.collectGradients(into: gradients) == [])
        let before = store.buffers.map(\.array)
        store.apply(context.updates)
        #expect((store.buffers.map(\.array) == before) == (norm != .batch))
        let tree = try model.trace(height: 64, width: 64)
        func takesStatistics(_ node: ModelTrace.Node) -> Bool {
            node.batchStatistics != nil || node.children.contains(where: takesStatistics)
        }
        #expect(takesStatistics(tree) == (norm == .batch))
    }

    @Test func furtherLevelsAreMadeOfWhatTheNeckSays() throws {
        let head = RetinaNetHeadSpecification(classes: 2)
        func model(_ extra: FeaturePyramidSpecification.Extra, relu: Bool = false) throws -> Model {
            try detector(head) {
                $0.extra = extra
                $0.reluBeforeExtra = relu
            }.makeModel(height: 70, width: 90)
        }
        for extra in FeaturePyramidSpecification.Extra.allCases {
            let made = try model(extra)
            let sixth = made.parameters.entries.first { $0.name == "neck.fpn_convs.3.conv.weight" }
            #expect(sixth?.fileShape == (extra == .pool ? nil : [8, extra == .c5 ? 32 : 8, 3, 3]))
            let taps = try made.taps(height: 70, width: 90).suffix(5)
            #expect(taps.map(\.stride) == [8, 16, 32, 64, 128])
            let store = ParameterStore<Float>(made.parameters, seed: 1)
            let images = Variable<Float>(Tensor([1, 70, 90, 3], (0..<18900).map { Float($0 % 11) }))
            let maps = made(images, .evaluation(store)).features.suffix(5)
            #expect(maps.map { [$0.shape[1], $0.shape[2]] } == taps.map { [$0.height, $0.width] })
        }
    }

    @Test func specificationsAreReadBack() throws {
        for head in heads {
            let specification = detector(head) {
                $0.upward = true
                $0.groups = 2
            }
            let data = try JSONEncoder().encode(specification)
            #expect(try JSONDecoder().decode(ModelSpecification.self, from: data) == specification)
        }
        // A segmenter's pyramid is written as before, and read from files without the keys of detectors.
        let old = #"{"channels":96,"extraLevels":0,"filter":{"columns":17,"rows":32},"fusion":"conv"}"#
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(FeaturePyramidSpecification(channels: 96)), as: UTF8.self) == old)
        #expect(
            try JSONDecoder().decode(FeaturePyramidSpecification.self, from: Data(old.utf8))
                == FeaturePyramidSpecification(channels: 96))
    }

    @Test func keysOfDetectorsAreRead() throws {
        func read(_ text: String) throws -> (head: any DetectorHeadSpecification, neck: any NeckSpecification) {
            try ConfigurationDocument.parse(text: text, name: "test").read { DetectorHead.read($0) }
        }
        let usual = try read("{}")
        #expect(usual.head as? RetinaNetHeadSpecification == RetinaNetHeadSpecification(classes: 2))
        #expect(usual.neck as? FeaturePyramidSpecification == RetinaNetHeadSpecification(classes: 2).usualNeck)
        let theirs = try read(
            "{head: {style: torchvision, anchorScale: 2, backboneNorm: frozen}, neck: {channels: 64}}")
        #expect(
            theirs.head as? RetinaNetHeadSpecification
                == RetinaNetHeadSpecification(
                    classes: 2, style: .torchvision, anchors: AnchorShape(scale: 2, octaves: 3), backboneNorm: .frozen))
        #expect(
            theirs.neck as? FeaturePyramidSpecification
                == FeaturePyramidSpecification(
                    channels: 64, extraLevels: 2, extra: .p5, reluBeforeExtra: true, firstStage: 1, style: .torchvision)
        )
        let hornet = try read("{head: {kind: cascadeMaskRcnn, boxConvolutions: 4}}")
        #expect(
            hornet.head as? RegionHeadSpecification
                == RegionHeadSpecification(
                    classes: 2, kind: .cascadeMaskRcnn, box: .init(convolutions: 4, linear: 1, sharesBoxes: false)))
        let points = try read("{head: {kind: reppoints, groups: 32}, neck: {fusion: conv}}")
        #expect((points.neck as? FeaturePyramidSpecification)?.groups == 32)
        #expect(DetectorHead.names.contains("fasterRcnn") && !DetectorHead.names.contains("upernet"))
    }

    @Test func namesOfDetectorsAreReadAndWritten() throws {
        let dense = detector(RetinaNetHeadSpecification(classes: 3, style: .torchvision, groups: 2))
        let regions = detector(RegionHeadSpecification(classes: 3, kind: .maskRcnn, style: .torchvision))
        for (specification, theirs, ours) in [
            (dense, "backbone.body.layer1.0.conv1.weight", "layer1.0.conv1.weight"),
            (dense, "backbone.fpn.extra_blocks.p7.bias", "neck.fpn_convs.4.conv.bias"),
            (dense, "head.classification_head.conv.2.0.weight", "bbox_head.cls_convs.2.conv.weight"),
            (dense, "head.regression_head.conv.0.1.bias", "bbox_head.reg_convs.0.gn.bias"),
            (dense, "head.regression_head.bbox_reg.bias", "bbox_head.retina_reg.bias"),
            (regions, "rpn.head.conv.0.0.weight", "rpn_head.rpn_conv.weight"),
            (regions, "roi_heads.box_head.fc6.weight", "roi_head.bbox_head.shared_fcs.0.weight"),
            (regions, "roi_heads.mask_head.3.0.bias", "roi_head.mask_head.convs.3.conv.bias"),
            (regions, "roi_heads.mask_predictor.conv5_mask.weight", "roi_head.mask_head.upsample.weight"),
            (regions, "backbone.fpn.layer_blocks.3.0.weight", "neck.fpn_convs.3.conv.weight"),
        ] {
            #expect(specification.canonicalName(theirs) == ours)
            #expect(try specification.detectorName(ours, style: .torchvision) == theirs)
        }
        #expect(regions.canonicalName("backbone.layer2.0.bn1.weight") == "layer2.0.bn1.weight")
        #expect(regions.canonicalName("roi_head.bbox_head.fc_cls.bias") == "roi_head.bbox_head.fc_cls.bias")
        #expect(try regions.detectorName("bn1.weight", style: .mmdetection) == "backbone.bn1.weight")
        let points = detector(RepPointsHeadSpecification(classes: 3))
        #expect(throws: ModelError.self) {
            try points.detectorName("bbox_head.reppoints_cls_conv.weight", style: .torchvision)
        }
        // All of a two-stage detector of torchvision's has a name there, and comes back by it.
        for entry in try regions.makeModel(height: 64, width: 64).parameters.entries {
            #expect(regions.canonicalName(try regions.detectorName(entry.name, style: .torchvision)) == entry.name)
        }
    }

    /// A linear layer over maps, in files as over vectors with the channels first.
    @Test func linearLayersOverMapsAreStoredAsPyTorchHasThem() throws {
        let scope = Scope()
        let layer = FlatteningLinear(
            scope["fc"], side: 2, channels: 3, outputs: 2, initializer: .uniformFanIn, biasInitializer: .constant(0))
        let store = ParameterStore<Double>(scope.list, seed: 0)
        let weight = (0..<24).map { Double(($0 * 7) % 5) - 2 }
        let report = store.load([
            NamedArray(name: "fc.weight", shape: [2, 12], values: weight),
            NamedArray(name: "fc.bias", shape: [2], values: [0.5, -1]),
        ])
        #expect(report.isComplete)
        let map = (0..<12).map { Double($0 * $0 % 7) }  // [2, 2, 3], channels last
        let result = layer(Variable(Tensor([1, 2, 2, 3], map)), .evaluation(store)).value.array
        let flattened = (0..<3).flatMap { c in (0..<4).map { map[$0 * 3 + c] } }
        for output in 0..<2 {
            var expected = output == 0 ? 0.5 : -1
            for (index, value) in flattened.enumerated() { expected += weight[output * 12 + index] * value }
            #expect(abs(result[output] - expected) < 1e-12)
        }
        #expect(store.stateDictionary()[0].values == weight)
    }

    @Test func impossibleDetectorsAreRefusedInOneSentence() {
        func message(_ specification: ModelSpecification) -> String {
            do {
                _ = try specification.makeModel(height: 64, width: 64)
                return ""
            } catch { return "\(error)" }
        }
        let head = RetinaNetHeadSpecification(classes: 2)
        #expect(
            message(ModelSpecification(backbone, head: head)).hasPrefix(
                "the retinanet head works on all levels with the same layers, but they have 4, 8, 16, 32 channels"))
        #expect(
            message(detector(head) { $0.firstStage = 4 })
                == "model.neck.firstStage is 4, but the backbone has 4 maps, expected 0 to 3")
        #expect(
            message(detector(head) { $0.groups = 3 }).hasPrefix(
                "model.neck.groups is 3, which does not divide the 8 channels"))
        #expect(
            message(detector(RepPointsHeadSpecification(classes: 2, groups: 5))).hasPrefix(
                "model.neck.groups is 5, which does not divide the 8 channels"))
        #expect(
            message(detector(RetinaNetHeadSpecification(classes: 2, anchors: AnchorShape(scale: 0, octaves: 1))))
                == "model.head.anchorScale is 0.0, expected 0.1 to 1000.0")
    }
}
