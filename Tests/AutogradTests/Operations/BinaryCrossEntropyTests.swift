import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct BinaryCrossEntropyTests {
    private let logits: [Double] = [0.5, -1.25, 30, 2, -40, 0]
    private let targets: [Double] = [0.9, 0.05, 0.05, 0.3, 0, 1]
    private let weights: [Double] = [0.5, 2, 1.25]

    /// PyTorch 2.13, binary_cross_entropy_with_logits, reduction mean; Scripts/fixtures/literals.py gives the same.
    @Test func lossAndGradientEqualPyTorchs() throws {
        let plain = try #require(gradient { $0.binaryCrossEntropy(targets: Tensor([2, 3], targets)) })
        #expect(abs(plain.loss - 5.259763542854748) < 1e-12)
        let expected = [
            -0.046256778133024236, 0.028783356470884803, 0.15833333333331776, 0.09679951299631373,
            7.080590425485981e-19, -0.08333333333333333,
        ]
        #expect(zip(plain.gradient, expected).allSatisfy { abs($0 - $1) < 1e-14 }, "\(plain.gradient)")
        let weighted = try #require(
            gradient {
                $0.binaryCrossEntropy(targets: Tensor([2, 3], targets), classWeights: Tensor([3], weights))
            })
        #expect(abs(weighted.loss - 6.357632439333721) < 1e-12)
        #expect(abs(weighted.gradient[1] - 0.057566712941769606) < 1e-14)
        #expect(abs(weighted.gradient[2] - 0.1979166666666472) < 1e-14)
    }

    /// PyTorch 2.13, cross_entropy with probabilities as targets and class weights: weights go into the targets.
    @Test func weightedSoftTargetsEqualPyTorchsClassWeights() throws {
        let products = zip(targets, weights + weights).map(*)
        let result = try #require(gradient { $0.crossEntropy(targets: Tensor([2, 3], products)) })
        #expect(abs(result.loss - 9.538849607730137) < 1e-12)
        #expect(abs(result.gradient[0] + 0.22499999999995277) < 1e-14)
        #expect(abs(result.gradient[3] - 0.5415579545845176) < 1e-14)
    }

    @Test(arguments: [1, 2, 15, 16, 17, 100])
    func theFastKernelEqualsTheReference(classes: Int) {
        for rows in [1, 5, 130] {
            let inputs = operands([[rows, classes], [rows, classes], [classes]])
            let logits = inputs[0].scaled(by: 6)
            let (soft, exact) = (inputs[1].softmax(), inputs[1].softmax().converted(to: Double.self))
            let exactWeights = inputs[2].converted(to: Double.self)
            for isWeighted in [false, true] {
                expectAgreement([logits], tolerance: 2e-6, "binary cross-entropy") {
                    [$0[0].binaryCrossEntropy(targets: soft, classWeights: isWeighted ? inputs[2] : nil)]
                } _: {
                    [$0[0].binaryCrossEntropy(targets: exact, classWeights: isWeighted ? exactWeights : nil)]
                }
            }
        }
    }

    @Test func hugeLogitsStayFinite() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([1, 4], [1e30, -1e30, 200, -200]))
        let loss = x.binaryCrossEntropy(targets: Tensor([1, 4], [1, 0, 1, 0]))
        tape.backward(from: loss)
        #expect(loss.value.item == 0)
        #expect(tape.gradient(of: x)?.array.allSatisfy { abs($0) < 1e-30 } == true)
    }

    private func gradient(
        _ function: (Variable<Double>) -> Variable<Double>
    ) -> (loss: Double, gradient: [Double])? {
        let tape = Tape<Double>()
        let x = tape.leaf(Tensor([2, 3], logits))
        let loss = function(x)
        tape.backward(from: loss)
        return tape.gradient(of: x).map { (loss.value.item, $0.array) }
    }
}
