import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction {
    var groups: Int
    var epsilon = 1e-5
    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [v[0].groupNorm(groups: groups, scale: v[1], shift: v[2], epsilon: epsilon)]
    }
}

@Suite struct GroupNormTests {
    private static let shapes: [(Shape, Int)] = [
        ([2, 5, 7, 12], 3), ([3, 4, 4, 32], 32), ([1, 40, 33, 64], 32), ([4, 1, 9, 17], 1), ([2, 90, 80, 16], 4),
    ]

    @Test func precisionAndThreads() {
        for (shape, groups) in Self.shapes {
            let all: [Shape] = [shape, [shape.columns], [shape.columns]]
            #expect(Case(groups: groups).largestError(all) < 5e-6, "\(shape), \(groups) groups")
            #expect(Case(groups: groups).threadViolations(all) == [])
        }
    }

    /// With the channels of a group as the last axis it is a layer norm of each image's group.
    @Test func oneGroupIsALayerNormOfTheImage() {
        let drawn = operands([[3, 4, 5, 6]]).map { cast($0, to: Double.self) }
        let one = Variable(Tensor<Double>([6], repeating: 1))
        let zero = Variable(Tensor<Double>.zeros([6]))
        let y = Variable(drawn[0]).groupNorm(groups: 1, scale: one, shift: zero, epsilon: 1e-5)
        let wide = Variable(drawn[0].reshaped([3, 120])).layerNormalized(
            Variable(Tensor([120], repeating: 1)), Variable(.zeros([120])), epsilon: 1e-5)
        #expect(relativeError(y.value.reshaped([3, 120]), wide.value) < 1e-14)
    }

    @Test func aLargeMeanCostsFewDigits() {
        let far = Tensor<Float>([2, 6, 6, 8], operands([[2, 6, 6, 8]])[0].array.map { $0 + 1000 })
        let (scale, shift) = (operands([[8]])[0], operands([[8]], seed: 4)[0])
        expectAgreement([far, scale, shift], tolerance: 1e-3, "mean 1000") {
            [$0[0].groupNorm(groups: 2, scale: $0[1], shift: $0[2])]
        } _: {
            [$0[0].groupNorm(groups: 2, scale: $0[1], shift: $0[2])]
        }
    }
}
