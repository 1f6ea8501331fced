import Autograd
import Detection
import Exporting
import Layers
import Models
import Tensors
import Testing

/// Small detectors that between them use everything that graphs of detectors have.
private let samples: [(name: String, neck: FeaturePyramidSpecification, head: any DetectorHeadSpecification)] = [
    (
        "retinanet",
        FeaturePyramidSpecification(channels: 4, extraLevels: 2, extra: .c5, reluBeforeExtra: true, firstStage: 1),
        RetinaNetHeadSpecification(classes: 3, convolutions: 1)
    ),
    (
        "retinanet with norms behind PAFPN",
        FeaturePyramidSpecification(channels: 4, extraLevels: 1, extra: .p5, groups: 2, upward: true),
        RetinaNetHeadSpecification(
            classes: 2, style: .torchvision, anchors: AnchorShape(scale: 2, octaves: 1), convolutions: 2, groups: 2)
    ),
    (
        "reppoints",
        FeaturePyramidSpecification(channels: 4, extraLevels: 1, extra: .lateral, firstStage: 1, groups: 2),
        RepPointsHeadSpecification(classes: 2, convolutions: 1, groups: 2)
    ),
    (
        "first stage behind HorFPN",
        FeaturePyramidSpecification(channels: 4, fusion: .gnconv7x7, extraLevels: 1),
        RegionHeadSpecification(classes: 2, kind: .fasterRcnn, box: .init(width: 5))
    ),
]

@Suite struct DetectorGraphTests {
    /// The graphs, computed operator by operator, give the maps of the models' heads.
    @Test(arguments: samples.indices)
    func graphsGiveTheMapsOfHeads(index: Int) throws {
        let (name, neck, head) = samples[index]
        let sample = try Sample(
            ModelSpecification(
                ResNetSpecification(baseWidth: 2, depths: [1, 1, 1], stem: .small), neck: neck, head: head),
            height: 13, width: 18)
        let file = try sample.exported(objects: nil)
        let count = 2
        let (images, _) = sample.results(images: count)
        let tensor = Tensor<Double>([count, 3, 13, 18], images.values).transposed([0, 2, 3, 1])
        let answer = sample.model(Variable(tensor), .evaluation(sample.store)).answer.filter { $0.shape.rank == 4 }
        try #require(file.outputs.count == answer.count, "\(name)")
        let results = try Interpreter(model: file).run(["images": images])
        for (output, map) in zip(file.outputs, answer) {
            let result = try #require(results[output.name])
            let expected = map.value.transposed([0, 3, 1, 2])
            #expect(result.shape == expected.shape.dimensions, "\(name) \(output.name)")
            let largest = expected.array.map(abs).max() ?? 0
            let difference = zip(result.values, expected.array).map { abs($0 - $1) }.max() ?? .infinity
            // Places between pixels are rounded to single precision in the graph.
            let tolerance = name == "reppoints" ? 5e-5 : 5e-6
            #expect(difference <= tolerance * max(1, largest), "\(name) \(output.name) \(difference)")
        }
    }

    @Test func objectsComeOutOfDetectorsOfOneStage() throws {
        let specification = ModelSpecification(
            ResNetSpecification(baseWidth: 2, depths: [1, 1, 1], stem: .small), neck: samples[0].neck,
            head: samples[0].head)
        let file = try Sample(specification, height: 13, width: 18).exported(objects: ObjectLimits(most: 7))
        #expect(file.outputs.map(\.name) == ["boxes", "scores", "labels"])
        #expect(file.outputs.map(\.shape) == [["batch", "7", "4"], ["batch", "7"], ["batch", "7"]])
        #expect(file.nodes.contains { $0.kind == "NonMaxSuppression" })
        #expect(Set(file.constants.keys).isSubset(of: Set(file.nodes.flatMap(\.inputs))), "every constant is used")
    }

    @Test(arguments: [RegionHeadSpecification.Kind.maskRcnn, .cascadeMaskRcnn], DetectorStyle.allCases)
    func objectsAndMasksComeOutOfTwoStages(kind: RegionHeadSpecification.Kind, style: DetectorStyle) throws {
        let specification = ModelSpecification(
            ResNetSpecification(baseWidth: 2, depths: [1, 1, 1], stem: .small), neck: samples[3].neck,
            head: RegionHeadSpecification(classes: 2, kind: kind, style: style, box: .init(width: 5)))
        let file = try Sample(specification, height: 13, width: 18).exported()
        #expect(file.outputs.map(\.name) == ["boxes", "scores", "labels", "masks"])
        #expect(file.outputs[3].shape == ["batch", "100", "28", "28"])
        #expect(file.nodes.filter { $0.kind == "NonMaxSuppression" }.count == 2)
        #expect(Set(file.constants.keys).isSubset(of: Set(file.nodes.flatMap(\.inputs))), "every constant is used")
        var made = Set(file.constants.keys).union(["images", ""])
        for node in file.nodes {
            #expect(made.isSuperset(of: node.inputs), "\(node.name) reads what is not there yet")
            made.formUnion(node.outputs)
        }
    }
}
