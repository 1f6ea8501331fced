import Autograd
import Exporting
import Foundation
import Layers
import Models
import Tensors
import Testing

/// Small segmenters that between them use everything that dense graphs have; sizes odd where the model takes them.
private let samples: [(name: String, specification: ModelSpecification, height: Int, width: Int)] = {
    let convnext = ConvNeXtSpecification(widths: [4, 6, 8], depths: [1, 1, 1], stemStride: 2)
    let hornet = HorNetSpecification(
        baseWidth: 4, depths: [1, 1, 1], orders: [1, 2, 2], stemStride: 2,
        mixers: [.depthwise7x7, .depthwise7x7, .globalFilter(rows: nil, columns: nil)])
    let resnet = ResNetSpecification(baseWidth: 2, depths: [1, 1, 1], stem: .small)
    let filter = FilterExtent(rows: 5, columns: 4)
    let segnetr = SegNetrSpecification(baseWidth: 4)
    return [
        ("upernet", ModelSpecification(convnext, head: UPerNetHeadSpecification(classes: 3, channels: 4)), 26, 29),
        (
            "upernet, HorFPN",
            ModelSpecification(
                hornet, head: UPerNetHeadSpecification(classes: 3, channels: 4, fusion: .gnconvGF, filter: filter)),
            25, 18
        ),
        (
            "semanticFPN",
            ModelSpecification(
                resnet, neck: FeaturePyramidSpecification(channels: 4),
                head: SemanticFPNHeadSpecification(classes: 3, channels: 5)), 13, 18
        ),
        (
            "fcn behind HorFPN",
            ModelSpecification(
                convnext, neck: FeaturePyramidSpecification(channels: 4, fusion: .gnconv7x7),
                head: FCNHeadSpecification(classes: 3, channels: 4, convolutions: 2)), 17, 24
        ),
        (
            "fcn on the coarsest map",
            ModelSpecification(
                convnext, head: FCNHeadSpecification(classes: 3, channels: 4, maps: .coarsest, fusion: .gnconv7x7)), 17,
            24
        ),
        ("unet", ModelSpecification(UNetSpecification(baseWidth: 2), head: UNetHeadSpecification(classes: 3)), 19, 23),
        (
            "unet, bilinear",
            ModelSpecification(
                UNetSpecification(baseWidth: 2, bilinear: true), head: UNetHeadSpecification(classes: 2, bilinear: true)
            ),
            18, 31
        ),
        ("unet over ResNet", ModelSpecification(resnet, head: UNetHeadSpecification(classes: 3)), 11, 14),
        ("segnetr", ModelSpecification(segnetr, head: SegNetrHeadSpecification(classes: 2)), 32, 64),
        (
            "segnetr with whole maps",
            ModelSpecification(segnetr, head: SegNetrHeadSpecification(classes: 2, irsc: false, globalBranch: false)),
            32,
            32
        ),
    ]
}()

@Suite struct DenseGraphTests {
    /// The graphs, computed operator by operator, give the models' scores at the images' size.
    @Test(arguments: samples.indices)
    func graphsGiveScoresForEveryPixel(index: Int) throws {
        let (name, specification, height, width) = samples[index]
        let sample = try Sample(specification, height: height, width: width)
        let file = try sample.exported()
        let count = 2
        let (images, _) = sample.results(images: count)
        let tensor = Tensor<Double>([count, 3, height, width], images.values).transposed([0, 2, 3, 1])
        let logits = sample.model(Variable(tensor), .evaluation(sample.store)).logits
        let expected = logits.resized(height: height, width: width, .bilinear(alignCorners: false)).value
            .transposed([0, 3, 1, 2])
        let classes = specification.classes
        #expect(file.outputs.map(\.shape) == [["batch", "\(classes)", "\(height)", "\(width)"]])
        #expect(Set(file.constants.keys).isSubset(of: Set(file.nodes.flatMap(\.inputs))), "every constant is used")
        let result = try #require(try Interpreter(model: file).run(["images": images])["logits"])
        #expect(result.shape == [count, classes, height, width], "\(name)")
        let largest = expected.array.map(abs).max() ?? 0
        #expect(largest > 0.05, "\(name): the scores carry no signal")
        let difference = zip(result.values, expected.array).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference <= 5e-6 * max(1, largest), "\(name)")
    }
}
