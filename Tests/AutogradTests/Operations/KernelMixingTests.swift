import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction, CustomTestStringConvertible {
    var input: Shape
    var out: Int
    var experts = 4
    var kernel: Pair = 3
    var stride: Pair = 1
    var groups = 1
    var hasTaps = false
    var hasInputs = false
    var hasOutputs = false
    var testDescription: String {
        "\(input) to \(out), \(experts) experts, kernel \(kernel), stride \(stride), groups \(groups), factors "
            + "\(hasTaps) \(hasInputs) \(hasOutputs)"
    }

    var weight: Shape { [out, kernel.height, kernel.width, input[3] / groups] }
    var padding: Pair { Pair(kernel.height / 2, kernel.width / 2) }
    var factors: [Shape?] {
        let samples = input[0]
        return [
            hasTaps ? [samples, kernel.height * kernel.width] : nil, hasInputs ? [samples, input[3]] : nil,
            hasOutputs ? [samples, out] : nil,
        ]
    }
    var shapes: [Shape] {
        [input, Shape([experts] + weight.dimensions), [input[0], experts]] + factors.compactMap { $0 }
    }

    private func given<S>(_ v: [Variable<S>]) -> [Variable<S>?] {
        var rest = v.dropFirst(3)
        return factors.map { $0 == nil ? nil : rest.removeFirst() }
    }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let factors = given(v)
        return [
            v[0].convolution(
                experts: v[1], weights: v[2], taps: factors[0], inputs: factors[1], outputs: factors[2],
                stride: stride, padding: padding, groups: groups)
        ]
    }

    /// The same of elementwise operations: kernels of all images, then a convolution with given kernels.
    func plain<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let (samples, factors) = (input[0], given(v))
        let count = weight.elementCount
        let mixed = v[2].linear(v[1].reshaped([experts, count]).transposed([1, 0]))
        let (taps, inner) = (kernel.height * kernel.width, input[3] / groups)
        var kernels = mixed.reshaped([samples, groups, out / groups, taps, inner])
        if let s = factors[0] { kernels = kernels * s.reshaped([samples, 1, 1, taps, 1]) }
        if let a = factors[1] { kernels = kernels * a.reshaped([samples, groups, 1, 1, inner]) }
        if let q = factors[2] { kernels = kernels * q.reshaped([samples, groups, out / groups, 1, 1]) }
        return [
            v[0].convolution(
                kernels: kernels.reshaped(Shape([samples] + weight.dimensions)), stride: stride, padding: padding,
                groups: groups)
        ]
    }
}

@Suite struct KernelMixingTests {
    private static let cases: [Case] = [
        Case(input: [3, 5, 4, 3], out: 5), Case(input: [2, 9, 8, 24], out: 40, experts: 8),
        Case(input: [3, 4, 4, 6], out: 4, experts: 1, groups: 2, hasTaps: true),
        Case(input: [3, 4, 4, 20], out: 33, experts: 3, stride: 2, hasInputs: true),
        Case(input: [3, 4, 4, 6], out: 4, experts: 5, kernel: 1, hasOutputs: true),
        Case(input: [4, 9, 8, 40], out: 20, hasTaps: true, hasInputs: true, hasOutputs: true),
        Case(input: [2, 6, 5, 8], out: 8, experts: 2, kernel: Pair(3, 1), groups: 4, hasTaps: true, hasInputs: true),
        Case(input: [2, 6, 5, 20], out: 20, experts: 2, groups: 20, hasTaps: true, hasInputs: true),
        // By tiles.
        Case(input: [3, 9, 6, 48], out: 32, hasTaps: true, hasInputs: true, hasOutputs: true),
        Case(input: [2, 5, 5, 16], out: 48, experts: 5),
        Case(input: [17, 8, 8, 32], out: 80, experts: 9, hasOutputs: true),
        Case(input: [2, 13, 9, 96], out: 16, experts: 3, hasTaps: true),
        Case(input: [67, 8, 8, 64], out: 64, hasInputs: true),
        Case(input: [11, 2, 2, 256], out: 256, experts: 2, hasTaps: true, hasInputs: true, hasOutputs: true),
    ]

    @Test(arguments: cases)
    fileprivate func equalsItsDefinition(_ c: Case) {
        let drawn = operands(c.shapes)
        let (ours, plain) = (Evaluation<Double>(drawn) { c($0) }, Evaluation<Double>(drawn) { c.plain($0) })
        for (a, b) in zip(ours.tensors, plain.tensors) { #expect(relativeError(a, b) < 1e-13) }
    }

    @Test(arguments: cases)
    fileprivate func precisionAndThreads(_ c: Case) {
        #expect(c.largestError(c.shapes) < 3e-5)
        #expect(c.threadViolations(c.shapes) == [])
    }

    /// Factors of inputs and outputs are those of the maps before and after the convolution.
    @Test func factorsOfChannelsBelongToTheMaps() {
        let c = Case(input: [3, 6, 5, 4], out: 6, stride: 2, groups: 2, hasInputs: true, hasOutputs: true)
        let v = operands(c.shapes).map { Variable(cast($0, to: Double.self)) }
        let scaled = v[0] * v[3].reshaped([3, 1, 1, 4])
        let y = scaled.convolution(experts: v[1], weights: v[2], stride: 2, padding: 1, groups: 2)
        #expect(relativeError((y * v[4].reshaped([3, 1, 1, 6])).value, c(v)[0].value) < 1e-14)
    }

    /// One expert with weight 1 is an ordinary convolution.
    @Test func oneExpertIsAConvolution() {
        let v = operands([[3, 9, 9, 16], [1, 24, 3, 3, 16]]).map { Variable($0) }
        let ones = Variable(Tensor<Float>([3, 1], repeating: 1))
        let y = v[0].convolution(experts: v[1], weights: ones, padding: 1)
        let plain = v[0].convolution(v[1].reshaped([24, 3, 3, 16]), nil, padding: 1)
        #expect(relativeError(y.value, cast(plain.value, to: Double.self)) < 1e-6)
    }
}
