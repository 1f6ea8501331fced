import Autograd
import Layers
import Models
import Tensors
import Testing

@Suite struct EnlargingGraphTests {
    /// The graph, computed operator by operator, gives the model's large images, of every image in a batch its own.
    @Test(arguments: [2, 3, 4])
    func graphsGiveLargeImages(scale: Int) throws {
        let specification = ModelSpecification(
            HDSRNetSpecification(width: 4, groups: 2, experts: 3), head: EnlargingHeadSpecification(scale: scale))
        let sample = try Sample(specification, height: 5, width: 6)
        let file = try sample.exported()
        let (images, _) = sample.results(images: 2)
        let input = Tensor<Double>([2, 3, 5, 6], images.values).transposed([0, 2, 3, 1])
        let expected = sample.model(Variable(input), .evaluation(sample.store)).logits.value.transposed([0, 3, 1, 2])
        #expect(file.outputs.map(\.shape) == [["batch", "3", "\(5 * scale)", "\(6 * scale)"]])
        #expect(Set(file.constants.keys).isSubset(of: Set(file.nodes.flatMap(\.inputs))), "every constant is used")
        let result = try #require(try Interpreter(model: file).run(["images": images])["logits"])
        #expect(result.shape == expected.shape.dimensions)
        let largest = expected.array.map(abs).max() ?? 0
        #expect(largest > 0.05, "the images carry no signal")
        let difference = zip(result.values, expected.array).map { abs($0 - $1) }.max() ?? .infinity
        #expect(difference <= 5e-6 * max(1, largest))
    }
}
