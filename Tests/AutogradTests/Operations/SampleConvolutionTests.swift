import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction, CustomTestStringConvertible {
    var input: Shape
    var out: Int
    var kernel: Pair = 3
    var stride: Pair = 1
    var padding: Pair = 1
    var dilation: Pair = 1
    var groups = 1
    var testDescription: String {
        "\(input) to \(out), kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation), groups \(groups)"
    }

    var weight: Shape { [out, kernel.height, kernel.width, input[3] / groups] }
    var shapes: [Shape] { [input, Shape([input[0]] + weight.dimensions), [input[0], out]] }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [
            v[0].convolution(
                kernels: v[1], v[2], stride: stride, padding: padding, dilation: dilation, groups: groups)
        ]
    }
}

@Suite struct SampleConvolutionTests {
    private static let cases: [Case] = [
        Case(input: [3, 5, 4, 3], out: 2),
        // By tiles, by rows of a colored image, with channels that fill no vector.
        Case(input: [3, 9, 8, 20], out: 40), Case(input: [2, 8, 11, 3], out: 16), Case(input: [2, 12, 9, 72], out: 70),
        Case(input: [2, 7, 6, 8], out: 4, kernel: Pair(3, 2), stride: Pair(2, 1), padding: Pair(1, 2), groups: 2),
        Case(input: [3, 6, 5, 8], out: 12, kernel: 1, padding: 0),
        Case(input: [3, 6, 5, 8], out: 4, kernel: 1, stride: 2, padding: 0, groups: 4),
        Case(input: [2, 8, 9, 20], out: 20, groups: 20), Case(input: [2, 8, 9, 6], out: 6, stride: 2, groups: 6),
        Case(input: [2, 8, 9, 6], out: 6, padding: 2, dilation: 2, groups: 6),
        // Two groups of samples, whose kernels are made one after the other.
        Case(input: [11, 2, 3, 256], out: 256, padding: 1),
    ]

    @Test(arguments: cases)
    fileprivate func precisionAndThreads(_ c: Case) {
        #expect(c.largestError(c.shapes) < 2e-5)
        #expect(c.threadViolations(c.shapes) == [])
    }

    /// Results and gradients are those of one convolution for each image.
    @Test(arguments: cases)
    fileprivate func equalsTheLoopOverImages(_ c: Case) {
        let drawn = operands(c.shapes)
        let all = Evaluation<Double>(drawn) { c($0) }
        func part(_ x: Tensor<Double>, _ n: Int) -> Tensor<Double> {
            let size = x.elementCount / x.shape[0]
            return Tensor(x.shape.replacing(axis: 0, with: 1), Array(x.array[n * size..<(n + 1) * size]))
        }
        for n in 0..<c.input[0] {
            let tape = Tape<Double>()
            let (x, w, b) = (
                tape.leaf(part(cast(drawn[0], to: Double.self), n)),
                tape.leaf(part(cast(drawn[1], to: Double.self), n).reshaped(c.weight)),
                tape.leaf(part(cast(drawn[2], to: Double.self), n).reshaped([c.out]))
            )
            let y = x.convolution(w, b, stride: c.stride, padding: c.padding, dilation: c.dilation, groups: c.groups)
            tape.backward(from: y, cotangent: part(all.cotangents[0], n))
            #expect(relativeError(y.value, part(all.outputs[0], n)) < 1e-13)
            for (i, leaf) in [x, w, b].enumerated() {
                let ours = part(all.gradients[i], n).reshaped(leaf.shape)
                #expect(relativeError(ours, tape.gradient(of: leaf) ?? .zeros([])) < 1e-13)
            }
        }
    }

    /// The batch folded into the channels, [1, H, W, N in], and N times the groups.
    @Test func equalsOneGroupedConvolution() {
        let c = Case(input: [3, 5, 6, 4], out: 6, stride: 2, groups: 2)
        let v = operands(c.shapes).map { Variable(cast($0, to: Double.self)) }
        let folded = v[0].transposed([1, 2, 0, 3]).reshaped([1, 5, 6, 12])
        let grouped = folded.convolution(
            v[1].reshaped([18, 3, 3, 2]), v[2].reshaped([18]), stride: 2, padding: 1, groups: 6)
        let unfolded = grouped.reshaped([3, 3, 3, 6]).transposed([2, 0, 1, 3])
        #expect(relativeError(c(v)[0].value, unfolded.value) < 1e-14)
    }

    @Test func anEmptyBatchGivesNothing() {
        let c = Case(input: [0, 5, 4, 3], out: 2)
        let found = c.run(c.shapes, as: Float.self)
        #expect(found.map(\.shape) == [[0, 5, 4, 2], [0, 5, 4, 3], [0, 2, 3, 3, 3], [0, 2]])
    }
}
