import Autograd
import Tensors
import Testing

/// No objects, no proposals, no positives: nothing goes through what heads of regions are made of.
@Suite struct EmptyBatchTests {
    private let maps: Shape = [0, 7, 7, 8]

    /// The result's shape, and whether all gradients are there and zero.
    private func run<S: Scalar>(
        _ shapes: [Shape], as type: S.Type, _ function: ([Variable<S>]) -> Variable<S>
    ) -> (shape: Shape, isZero: Bool) {
        let tape = Tape<S>()
        let leaves = shapes.map { tape.leaf(Tensor<S>($0, repeating: 1)) }
        let result = function(leaves)
        tape.backward(from: result, cotangent: Tensor(result.shape, repeating: 1))
        let isZero = zip(leaves, shapes).allSatisfy { leaf, shape in
            tape.gradient(of: leaf).map { $0.shape == shape && $0.array.allSatisfy { $0 == 0 } } ?? false
        }
        return (result.shape, isZero)
    }

    private func expectPasses(
        _ name: String, _ shapes: [Shape], _ result: Shape, _ float: ([Variable<Float>]) -> Variable<Float>,
        _ double: ([Variable<Double>]) -> Variable<Double>
    ) {
        for (shape, isZero) in [run(shapes, as: Float.self, float), run(shapes, as: Double.self, double)] {
            #expect(shape == result, "\(name)")
            #expect(isZero, "\(name): a gradient is missing or not zero")
        }
    }

    @Test func convolutionsPass() {
        for kernel in [1, 3] {
            let shapes: [Shape] = [maps, [6, kernel, kernel, 8], [6]]
            expectPasses("convolution", shapes, [0, 7, 7, 6]) {
                $0[0].convolution($0[1], $0[2], padding: Pair(kernel / 2))
            } _: {
                $0[0].convolution($0[1], $0[2], padding: Pair(kernel / 2))
            }
        }
        // Wide enough for tiles.
        expectPasses("tiles", [[0, 14, 14, 64], [64, 3, 3, 64], [64]], [0, 14, 14, 64]) {
            $0[0].convolution($0[1], $0[2], padding: 1)
        } _: {
            $0[0].convolution($0[1], $0[2], padding: 1)
        }
        expectPasses("transposed", [maps, [8, 2, 2, 4], [4]], [0, 14, 14, 4]) {
            $0[0].transposedConvolution($0[1], $0[2], stride: 2)
        } _: {
            $0[0].transposedConvolution($0[1], $0[2], stride: 2)
        }
        expectPasses("transposed, overlapping", [maps, [8, 3, 3, 4]], [0, 15, 15, 4]) {
            $0[0].transposedConvolution($0[1], nil, stride: 2)
        } _: {
            $0[0].transposedConvolution($0[1], nil, stride: 2)
        }
        for width in [8, 16] {
            let volumes: [Shape] = [[0, 4, 7, 7, width], [16, 3, 3, 3, width], [16]]
            expectPasses("volumes", volumes, [0, 4, 7, 7, 16]) {
                $0[0].volumeConvolution($0[1], $0[2], padding: 1)
            } _: {
                $0[0].volumeConvolution($0[1], $0[2], padding: 1)
            }
        }
        expectPasses("groups", [[0, 14, 14, 64], [64, 3, 3, 16], [64]], [0, 14, 14, 64]) {
            $0[0].convolution($0[1], $0[2], padding: 1, groups: 4)
        } _: {
            $0[0].convolution($0[1], $0[2], padding: 1, groups: 4)
        }
        expectPasses("transposed volumes", [[0, 2, 3, 4, 4], [4, 3, 3, 3, 2], [2]], [0, 5, 7, 9, 2]) {
            $0[0].volumeTransposedConvolution($0[1], $0[2], stride: 2)
        } _: {
            $0[0].volumeTransposedConvolution($0[1], $0[2], stride: 2)
        }
        expectPasses("deformable", [maps, [6, 3, 3, 8], [0, 7, 7, 18], [0, 7, 7, 9], [6]], [0, 7, 7, 6]) {
            $0[0].deformableConvolution($0[1], $0[4], offsets: $0[2], mask: $0[3], padding: 1)
        } _: {
            $0[0].deformableConvolution($0[1], $0[4], offsets: $0[2], mask: $0[3], padding: 1)
        }
    }

    @Test func layersOfHeadsPass() {
        expectPasses("linear", [[0, 392], [16, 392], [16]], [0, 16]) {
            $0[0].linear($0[1], $0[2])
        } _: {
            $0[0].linear($0[1], $0[2])
        }
        expectPasses("flattening", [maps], [0, 392]) {
            $0[0].transposed([0, 3, 1, 2]).relu().reshaped([0, 392])
        } _: {
            $0[0].transposed([0, 3, 1, 2]).relu().reshaped([0, 392])
        }
        expectPasses("group norm", [maps, [8], [8]], maps) {
            $0[0].groupNorm(groups: 2, scale: $0[1], shift: $0[2])
        } _: {
            $0[0].groupNorm(groups: 2, scale: $0[1], shift: $0[2])
        }
        expectPasses("batch norm", [maps, [8], [8]], maps) {
            $0[0].batchNormalized(
                $0[1], $0[2], mean: .zeros([8]), variance: Tensor([8], repeating: 1), epsilon: 1e-5)
        } _: {
            $0[0].batchNormalized(
                $0[1], $0[2], mean: .zeros([8]), variance: Tensor([8], repeating: 1), epsilon: 1e-5)
        }
        expectPasses("softmax and sigmoid", [[0, 5]], [0, 5]) {
            $0[0].softmax().sigmoid()
        } _: {
            $0[0].softmax().sigmoid()
        }
        expectPasses("regions", [[2, 7, 7, 8]], [0, 3, 3, 8]) {
            $0[0].regionAligned(.zeros([0, 5]), size: 3, scale: 0.5)
        } _: {
            $0[0].regionAligned(.zeros([0, 5]), size: 3, scale: 0.5)
        }
        expectPasses("boxes", [[0, 4]], [0, 4]) {
            $0[0].decodedBoxes(.zeros([0, 4]), deviations: [1, 1, 1, 1], clampsSmall: true)
        } _: {
            $0[0].decodedBoxes(.zeros([0, 4]), deviations: [1, 1, 1, 1], clampsSmall: true)
        }
        expectPasses("points", [[0, 18], [2]], [0, 4]) {
            $0[0].momentBoxes($0[1])
        } _: {
            $0[0].momentBoxes($0[1])
        }
        expectPasses("extremes", [[0, 18]], [0, 4]) {
            $0[0].extremeBoxes()
        } _: {
            $0[0].extremeBoxes()
        }
    }

    @Test func lossesAreZero() {
        func check(_ name: String, _ shape: Shape, _ loss: (Variable<Float>) -> Variable<Float>) {
            let tape = Tape<Float>()
            let x = tape.leaf(.zeros(shape))
            let result = loss(x)
            #expect(result.value.item == 0, "\(name)")
            tape.backward(from: result)
            #expect(tape.gradient(of: x)?.shape == shape, "\(name)")
        }
        check("cross-entropy", [0, 5]) { $0.crossEntropy(labels: []) }
        check("soft cross-entropy", [0, 5]) { $0.crossEntropy(targets: .zeros([0, 5])) }
        check("focal", [0, 5]) { $0.sigmoidFocal([]) }
        check("smooth L1", [0, 4]) { $0.smoothL1(.zeros([0, 4]), beta: 1, weights: .zeros([0, 1])) }
        check("logistic", [0, 28, 28]) { $0.binaryCrossEntropySum(.zeros([0, 28, 28])) }
        for measure in BoxMeasure.allCases {
            check("boxes", [0, 4]) { $0.boxLoss(.zeros([0, 4]), kind: measure, weights: .zeros([0])) }
        }
    }
}
