import Autograd
import Detection
import Layers
import Models
import Tensors
import Testing

/// Maps of small detectors against torchvision and mmdetection, under their names; references are rounded to float.
@Suite struct DetectorParityTests {
    private struct Loaded<S: Scalar> {
        let output: ModelOutput<S>
        let context: Context<S>
        let fixture: DenseFixture
    }

    private func run<S: Scalar>(
        _ type: S.Type, _ name: String, width: Int, channels: Int, groups: Int = 0,
        _ head: any DetectorHeadSpecification
    ) throws -> Loaded<S> {
        let fixture = try DenseFixture(name)
        var neck = head.usualNeck
        (neck.channels, neck.groups) = (channels, groups)
        let specification = ModelSpecification(
            ResNetSpecification(baseWidth: width, depths: [1, 1, 1, 1]), neck: neck, head: head)
        let images: Tensor<S> = try fixture.map("input")
        let model = try specification.makeModel(height: images.shape[1], width: images.shape[2])
        let store = ParameterStore<S>(model.parameters, seed: 0)
        let arrays = try fixture.file.tensors.filter { $0.name.hasPrefix("param.") }.map { tensor in
            NamedArray<S>(
                name: String(tensor.name.dropFirst(6)), shape: tensor.shape,
                values: try tensor.type.isFloatingPoint
                    ? tensor.doubles().map { S($0) } : tensor.integers().map { S($0) })
        }
        let report = store.load(arrays, rename: specification.canonicalName)
        // torchvision's frozen norms count no batches.
        #expect(report.missing.allSatisfy { $0.hasSuffix("num_batches_tracked") }, "\(report)")
        #expect(report.unused.isEmpty && report.mismatched.isEmpty, "\(report)")
        let context = Context<S>.evaluation(store)
        return Loaded(output: model(Variable(images), context), context: context, fixture: fixture)
    }

    private func error<S: Scalar>(_ loaded: Loaded<S>, _ name: String, rows: [Variable<S>]) throws -> Double {
        let stored = try #require(loaded.fixture.file[name])
        let values = rows.flatMap { $0.value.array.map { Double($0) } }
        try #require(values.count == stored.count, "\(name)")
        return relativeError(values, try stored.doubles())
    }

    @Test func retinanetAgreesWithTorchvision() throws {
        try retinanet(Double.self, 1e-6)
        try retinanet(Float.self, 3e-5)
    }

    private func retinanet<S: Scalar>(_ type: S.Type, _ tolerance: Double) throws {
        let anchors = AnchorShape(
            scale: 1, octaves: 1, sizes: [[10, 12, 15], [20, 25, 31], [32, 40, 50], [48, 60, 76], [64, 80, 101]])
        let loaded = try run(
            type, "retinanet", width: 5, channels: 12,
            RetinaNetHeadSpecification(classes: 3, style: .torchvision, anchors: anchors, backboneNorm: .frozen))
        let answer = loaded.output.answer
        #expect(answer.count == 10)
        #expect(try error(loaded, "eval.cls_logits", rows: Array(answer[..<5])) <= tolerance)
        #expect(try error(loaded, "eval.bbox_regression", rows: Array(answer[5...])) <= tolerance)
    }

    @Test func maskRcnnAgreesWithTorchvision() throws {
        try maskRcnn(Double.self, 1e-6)
        try maskRcnn(Float.self, 3e-5)
    }

    private func maskRcnn<S: Scalar>(_ type: S.Type, _ tolerance: Double) throws {
        let loaded = try run(
            type, "mask_rcnn", width: 4, channels: 10,
            RegionHeadSpecification(
                classes: 3, kind: .maskRcnn, style: .torchvision, pooling: .init(.torchvision, scale: 40),
                box: .init(width: 16), mask: .init(convolutions: 2)))
        for level in 0..<5 {
            let (objectness, deltas) = (loaded.output.answer[level], loaded.output.answer[5 + level])
            #expect(try loaded.fixture.error("eval.rpn.objectness.\(level)", objectness.value) <= tolerance)
            #expect(try loaded.fixture.error("eval.rpn.deltas.\(level)", deltas.value) <= tolerance)
        }
        let answers = try #require(loaded.output.regions)
        #expect(answers.stages == 1)
        let proposals = try #require(loaded.fixture.file["in.proposals"]).doubles()
        let count = proposals.count / 4
        var rows: [S] = []
        for row in 0..<count {
            // The first image of the batch.
            rows.append(0)
            rows += proposals[4 * row..<4 * row + 4].map { S($0) }
        }
        let regions = Tensor<S>([count, 5], rows)
        let boxes = answers.boxes(regions, stage: 0)
        #expect(try error(loaded, "eval.class_logits", rows: [boxes.classes]) <= tolerance)
        #expect(try error(loaded, "eval.box_regression", rows: [boxes.deltas]) <= tolerance)
        #expect(answers.masks(regions, stage: 0)?.shape == [count, 28, 28, 4])
    }

    @Test func reppointsAgreesWithMmdetection() throws {
        try reppoints(Double.self, 1e-6)
        try reppoints(Float.self, 3e-5)
    }

    private func reppoints<S: Scalar>(_ type: S.Type, _ tolerance: Double) throws {
        let loaded = try run(
            type, "reppoints", width: 4, channels: 8, groups: 4,
            RepPointsHeadSpecification(classes: 3, groups: 4, scale: 2, backboneNorm: .running))
        let answer = loaded.output.answer
        try #require(answer.count == 16)
        for level in 0..<5 {
            #expect(try loaded.fixture.error("eval.cls.\(level)", answer[level].value) <= tolerance)
            let points = answer[10 + level]
            let boxes = points.reshaped([points.shape.rows, 18]).momentBoxes(answer[15])
                .reshaped(points.shape.replacing(axis: -1, with: 4))
            #expect(try loaded.fixture.error("eval.box.\(level)", boxes.value) <= tolerance)
        }
    }
}
