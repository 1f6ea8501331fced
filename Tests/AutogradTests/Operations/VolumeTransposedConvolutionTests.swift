import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction, CustomTestStringConvertible {
    var input: Shape
    var out: Int
    var kernel: Triple
    var stride: Triple = 1
    var padding: Triple = 0
    var added: Triple = 0
    var dilation: Triple = 1
    var groups = 1
    var testDescription: String {
        "\(input) to \(out), kernel \(kernel), stride \(stride), padding \(padding), output padding \(added), dilation \(dilation), groups \(groups)"
    }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [
            v[0].volumeTransposedConvolution(
                v[1], v[2], stride: stride, padding: padding, outputPadding: added, dilation: dilation, groups: groups)
        ]
    }

    var shapes: [Shape] { [input, Shape([input[4]] + kernel.numbers + [out / groups]), [out]] }

    /// The scatter that defines it, element by element.
    func plain(_ operands: [Tensor<Double>], output: Shape) -> Tensor<Double> {
        let (x, w, b) = (operands[0].array, operands[1].array, operands[2].array)
        let (inputs, outputs) = (input[4] / groups, out / groups)
        let taps = kernel.depth * kernel.height * kernel.width
        var y = (0..<output.elementCount).map { b[$0 % out] }
        for place in 0..<input.rows {
            let column = place % input[3] * stride.width - padding.width
            let row = place / input[3] % input[2] * stride.height - padding.height
            let slice = place / (input[3] * input[2]) % input[1] * stride.depth - padding.depth
            let n = place / (input[3] * input[2] * input[1])
            for tap in 0..<taps {
                let z = slice + tap / (kernel.height * kernel.width) * dilation.depth
                let r = row + tap / kernel.width % kernel.height * dilation.height
                let c = column + tap % kernel.width * dilation.width
                guard 0..<output[1] ~= z, 0..<output[2] ~= r, 0..<output[3] ~= c else { continue }
                let to = (((n * output[1] + z) * output[2] + r) * output[3] + c) * out
                for k in 0..<input[4] {
                    for o in 0..<outputs {
                        y[to + k / inputs * outputs + o] +=
                            x[place * input[4] + k] * w[(k * taps + tap) * outputs + o]
                    }
                }
            }
        }
        return Tensor(output, y)
    }
}

@Suite struct VolumeTransposedConvolutionTests {
    private static let cases: [Case] = [
        Case(input: [2, 3, 4, 5, 3], out: 4, kernel: 3, padding: 1),
        Case(input: [2, 3, 4, 5, 16], out: 8, kernel: 2, stride: 2),
        Case(input: [1, 2, 3, 4, 3], out: 5, kernel: Triple(2, 1, 3), stride: Triple(2, 1, 3)),
        Case(input: [2, 3, 4, 3, 8], out: 16, kernel: 4, stride: 2, padding: 1),
        Case(
            input: [1, 3, 4, 3, 2], out: 3, kernel: Triple(3, 2, 3), stride: Triple(2, 1, 2),
            padding: Triple(1, 0, 1), added: Triple(1, 0, 0)),
        Case(
            input: [1, 3, 2, 4, 4], out: 6, kernel: Triple(2, 3, 2), stride: Triple(1, 2, 3), padding: Triple(0, 1, 1),
            added: Triple(1, 0, 2), dilation: Triple(2, 1, 3), groups: 2),
        Case(input: [1, 2, 3, 2, 4], out: 8, kernel: 3, stride: 2, padding: 1, added: 1, groups: 4),
        Case(input: [1, 2, 3, 2, 2], out: 3, kernel: Triple(1, 2, 1), stride: 3, added: 2),
        Case(input: [2, 3, 2, 3, 5], out: 7, kernel: 1),
    ]

    /// Kernels of 3x3 within a slice, which go by tiles.
    private static let tiled: [Case] = [
        Case(input: [2, 3, 8, 8, 16], out: 16, kernel: 3, padding: 1),
        Case(input: [1, 3, 6, 9, 32], out: 16, kernel: 3, stride: Triple(2, 1, 1), padding: 1, added: Triple(1, 0, 0)),
        Case(input: [2, 3, 4, 7, 32], out: 16, kernel: 4, stride: 2, padding: 1),
        Case(input: [1, 2, 5, 4, 16], out: 32, kernel: 3, stride: 2, padding: 1, added: Triple(1, 0, 1)),
    ]

    @Test(arguments: cases + tiled)
    fileprivate func equalsItsDefinition(_ test: Case) {
        let drawn = operands(test.shapes).map { cast($0, to: Double.self) }
        let found = test(drawn.map { Variable($0) })[0].value
        #expect(relativeError(found, test.plain(drawn, output: found.shape)) < 1e-13)
    }

    @Test(arguments: cases + tiled)
    fileprivate func precisionAndThreads(_ test: Case) {
        #expect(test.largestError(test.shapes) < 1e-5)
        #expect(test.threadViolations(test.shapes) == [])
    }

    /// <conv(a), b> = <a, convT(b)> wherever the sizes meet.
    @Test(arguments: cases + tiled)
    fileprivate func itIsTheAdjointOfTheConvolution(_ test: Case) {
        let drawn = operands(test.shapes).map { cast($0, to: Double.self) }
        let (b, w) = (Variable(drawn[0]), Variable(drawn[1]))
        let back = b.volumeTransposedConvolution(
            w, nil, stride: test.stride, padding: test.padding, dilation: test.dilation, groups: test.groups)
        let a = Variable(cast(operands([back.shape], seed: 5)[0], to: Double.self))
        let there = a.volumeConvolution(
            w, nil, stride: test.stride, padding: test.padding, dilation: test.dilation, groups: test.groups)
        let (left, right) = (innerProduct(there.value, b.value), innerProduct(a.value, back.value))
        #expect(abs(left - right) < 1e-11 * max(1, abs(left)))
    }

    /// Kernels as large as the stride make blocks that do not touch.
    @Test func onesBecomeBlocks() {
        let x = Variable<Double>(Tensor([1, 1, 1, 2, 1], [1, 2]))
        let w = Variable<Double>(Tensor([1, 2, 1, 2, 1], [1, 2, 3, 4]))
        let y = x.volumeTransposedConvolution(w, nil, stride: Triple(2, 1, 2))
        #expect(y.shape == [1, 2, 1, 4, 1])
        #expect(y.value.array == [1, 2, 2, 4, 3, 4, 6, 8])
    }
}
