import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction, CustomTestStringConvertible {
    var input: Shape
    var out: Int
    var kernel: Pair
    var stride: Pair = 1
    var padding: Pair = 0
    var dilation: Pair = 1
    var groups = 1
    var testDescription: String {
        "\(input) to \(out), kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation), groups \(groups)"
    }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [v[0].convolution(v[1], v[2], stride: stride, padding: padding, dilation: dilation, groups: groups)]
    }

    var shapes: [Shape] { [input, [out, kernel.height, kernel.width, input[3] / groups], [out]] }

    /// The definition, element by element.
    func plain(_ operands: [Tensor<Double>]) -> Tensor<Double> {
        let (x, w, b) = (operands[0].array, operands[1].array, operands[2].array)
        let window = Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
        let size = window.outputSize(Pair(input[1], input[2]))
        var y: [Double] = []
        let inputs = input[3] / groups
        for n in 0..<input[0] {
            for r in 0..<size.height {
                for c in 0..<size.width {
                    for o in 0..<out {
                        var sum = b[o]
                        for i in 0..<kernel.height {
                            for j in 0..<kernel.width {
                                let row = r * stride.height - padding.height + i * dilation.height
                                let column = c * stride.width - padding.width + j * dilation.width
                                guard 0..<input[1] ~= row, 0..<input[2] ~= column else { continue }
                                let pixel = ((n * input[1] + row) * input[2] + column) * input[3]
                                let tap = ((o * kernel.height + i) * kernel.width + j) * inputs
                                let first = o / (out / groups) * inputs
                                for k in 0..<inputs { sum += x[pixel + first + k] * w[tap + k] }
                            }
                        }
                        y.append(sum)
                    }
                }
            }
        }
        return Tensor([input[0], size.height, size.width, out], y)
    }
}

@Suite struct ConvolutionTests {
    private static let cases: [Case] = [
        Case(input: [2, 32, 32, 3], out: 16, kernel: 4, stride: 4),
        Case(input: [2, 16, 16, 24], out: 48, kernel: 2, stride: 2),
        Case(input: [1, 7, 9, 17], out: 5, kernel: 2, stride: 2),
        Case(input: [2, 13, 11, 3], out: 32, kernel: 3, padding: 1),
        Case(input: [1, 40, 33, 20], out: 30, kernel: 3, stride: 2, padding: 1),
        Case(
            input: [1, 9, 11, 6], out: 4, kernel: 3, stride: Pair(1, 2), padding: Pair(2, 3), dilation: Pair(2, 3),
            groups: 2),
        Case(input: [3, 14, 14, 24], out: 48, kernel: 1), Case(input: [2, 5, 5, 6], out: 9, kernel: 1, groups: 3),
        Case(input: [2, 12, 10, 17], out: 17, kernel: 7, padding: 3, groups: 17),
        Case(input: [1, 8, 8, 4], out: 4, kernel: 3, padding: 2, dilation: 2, groups: 4),
        Case(input: [1, 1, 1, 5], out: 2, kernel: 3, padding: 1),
    ]

    @Test(arguments: cases)
    private func equalsTheDefinition(_ test: Case) {
        let plain = test.plain(operands(test.shapes).map { cast($0, to: Double.self) })
        #expect(relativeError(test.evaluation(test.shapes, as: Double.self).outputs[0], plain) < 1e-13)
    }

    @Test(arguments: cases)
    private func singlePrecisionAgreesWithTheReference(_ test: Case) {
        for (what, error) in zip(["result", "x", "weight", "bias"], test.errors(test.shapes)) {
            #expect(error < 3e-6, "\(what)")
        }
    }

    /// <A x, g> = <x, A^T g>, and the same for the weight.
    @Test(arguments: cases)
    private func gradientsAreAdjoint(_ test: Case) {
        var operands = operands(test.shapes)
        operands[2] = .zeros(operands[2].shape)
        let run = Evaluation<Double>(operands) { test($0) }
        let expected = innerProduct(run.outputs[0], run.cotangents[0])
        for position in 0..<2 {
            let found = innerProduct(cast(operands[position], to: Double.self), run.gradients[position])
            #expect(abs(found - expected) < 1e-9 * max(1, abs(expected)))
        }
    }

    @Test(arguments: cases)
    private func theNumberOfThreadsDoesNotMatter(_ test: Case) {
        #expect(test.threadViolations(test.shapes) == [])
    }

    /// 3x3 convolutions of stride 1 and padding 1, which go by tiles of 4x4 pixels or, with few inputs, by rows.
    private static let tiled: [Case] = [
        (2, 8, 8, 8, 8), (1, 9, 14, 17, 33), (3, 21, 10, 24, 40), (1, 40, 44, 16, 16), (2, 17, 16, 130, 129),
        (1, 16, 16, 272, 64), (2, 9, 23, 3, 16), (1, 12, 8, 1, 20), (3, 33, 16, 4, 48),
    ].map { Case(input: [$0, $1, $2, $3], out: $4, kernel: 3, padding: 1) }

    /// A tile's result is a difference of larger numbers, so that it is less exact than a plain sum.
    @Test(arguments: tiled)
    private func tilesAgreeWithTheReference(_ test: Case) {
        for (what, error) in zip(["result", "x", "weight", "bias"], test.errors(test.shapes)) {
            #expect(error < 1e-5, "\(what)")
        }
    }

    @Test(arguments: tiled)
    private func tilesDoNotDependOnThreads(_ test: Case) { #expect(test.threadViolations(test.shapes) == []) }

    /// Dilated ones go by tiles of pixels that lie so far from each other; phases of uneven sizes, too.
    private static let dilated: [Case] = [
        Case(input: [2, 16, 16, 8], out: 16, kernel: 3, padding: 2, dilation: 2),
        Case(input: [1, 19, 17, 40], out: 20, kernel: 3, padding: 2, dilation: 2),
        Case(input: [2, 26, 24, 16], out: 33, kernel: 3, padding: 3, dilation: 3),
    ]

    @Test(arguments: dilated)
    private func dilatedOnesEqualTheDefinition(_ test: Case) { groupsEqualTheDefinition(test) }

    @Test(arguments: [(3, 16, 2), (16, 16, 3)])
    func aDilatedConvolutionIsOneOfEachPhase(inputs: Int, outputs: Int, apart: Int) {
        let (height, width) = (8 * apart, 9 * apart)
        let drawn = operands([[1, height, width, inputs], [outputs, 3, 3, inputs]])
        let dilated = drawn[0].groupedConvolution(
            drawn[1], nil, Window(kernel: 3, padding: Pair(apart), dilation: Pair(apart)), groups: 1)
        for (row, column) in [(0, 0), (apart - 1, 1)] {
            func phase(_ map: Tensor<Float>) -> Tensor<Float> {
                let (values, channels) = (map.array, map.shape[3])
                let rows = stride(from: row, to: height, by: apart)
                let columns = stride(from: column, to: width, by: apart)
                var own: [Float] = []
                for r in rows {
                    for c in columns { own += values[(r * width + c) * channels..<(r * width + c + 1) * channels] }
                }
                return Tensor([1, 8, 9, channels], own)
            }
            let plain = phase(drawn[0]).convolution(drawn[1], nil, Window(kernel: 3, padding: 1), groups: 1)
            #expect(relativeError(phase(dilated), cast(plain, to: Double.self)) < 1e-6)
        }
    }

    /// Groups go by tiles too, those of few channels several at a time; with a stride of 2 by tiles of every other pixel, or,
    /// with about 16 channels, by panels of results.
    private static let grouped: [Case] = [
        Case(input: [2, 9, 14, 32], out: 32, kernel: 3, padding: 1, groups: 8),
        Case(input: [1, 8, 8, 48], out: 24, kernel: 3, padding: 1, groups: 3),
        Case(input: [3, 16, 10, 64], out: 64, kernel: 3, padding: 1, groups: 4),
        Case(input: [2, 12, 9, 24], out: 48, kernel: 3, padding: 1, groups: 6),
        Case(input: [2, 12, 9, 32], out: 64, kernel: 3, stride: 2, padding: 1, groups: 8),
        Case(input: [3, 16, 19, 64], out: 64, kernel: 3, stride: 2, padding: 1, groups: 4),
        Case(input: [9, 10, 9, 96], out: 192, kernel: 4, stride: 2, padding: 1, groups: 2),
        Case(input: [2, 17, 33, 32], out: 32, kernel: 3, stride: 2, padding: 1, groups: 2),
        Case(input: [3, 13, 7, 64], out: 64, kernel: 5, stride: 3, padding: 2, groups: 8),
        Case(input: [2, 8, 15, 64], out: 128, kernel: 3, stride: 2, padding: 1, groups: 4),
        Case(input: [2, 11, 9, 64], out: 32, kernel: Pair(3, 2), stride: Pair(2, 1), dilation: 2, groups: 2),
        Case(input: [1, 7, 8, 12], out: 30, kernel: Pair(3, 2), stride: Pair(1, 3), dilation: 2, groups: 6),
    ]

    @Test(arguments: grouped)
    private func groupsEqualTheDefinition(_ test: Case) {
        let plain = test.plain(operands(test.shapes).map { cast($0, to: Double.self) })
        #expect(relativeError(test.evaluation(test.shapes, as: Double.self).outputs[0], plain) < 1e-13)
        for (what, error) in zip(["result", "x", "weight", "bias"], test.errors(test.shapes)) {
            #expect(error < 1e-5, "\(what)")
        }
        #expect(test.threadViolations(test.shapes) == [])
    }

    @Test(arguments: grouped)
    private func gradientsOfGroupsAreAdjoint(_ test: Case) { gradientsAreAdjoint(test) }

    @Test(arguments: [(3, 16), (16, 16), (130, 129)])
    func anImageIsConvolvedTheSameInAnyBatch(channels: (Int, Int)) {
        let (size, inputs) = (20 * 12 * channels.1, 20 * 12 * channels.0)
        let operands = operands([[5, 20, 12, channels.0], [channels.1, 3, 3, channels.0]])
        func convolved(_ images: Range<Int>) -> [Float] {
            let values = Array(operands[0].array[images.lowerBound * inputs..<images.upperBound * inputs])
            let x = Variable(Tensor([images.count, 20, 12, channels.0], values))
            return x.convolution(Variable(operands[1]), nil, padding: 1).value.array
        }
        let all = convolved(0..<5)
        #expect(convolved(0..<1) == Array(all[..<size]))
        #expect(convolved(2..<5) == Array(all[(2 * size)...]))
    }

    /// A large weight is transformed some columns at a time.
    @Test func columnsDoNotDependOnThoseBesideThem() {
        let (inputs, outputs) = (256, 528)
        let drawn = operands([[7, 9, 9, inputs], [outputs, 3, 3, inputs], [7, 9, 9, outputs]])
        let window = Window(kernel: 3, padding: 1)
        let weight = drawn[1].array
        let few = Tensor([200, 3, 3, inputs], Array(weight[..<(200 * 9 * inputs)]))
        let narrow = Tensor([outputs, 3, 3, 96], (0..<outputs * 9).flatMap { weight[$0 * inputs..<$0 * inputs + 96] })
        func first(_ count: Int, _ map: Tensor<Float>) -> [Float] {
            let (columns, values) = (map.shape.columns, map.array)
            return (0..<map.shape.rows).flatMap { values[$0 * columns..<$0 * columns + count] }
        }
        let y = drawn[0].convolution(drawn[1], nil, window, groups: 1)
        #expect(first(200, y) == drawn[0].convolution(few, nil, window, groups: 1).array)
        let dx = drawn[2].convolutionInputGradient(drawn[1], window, input: drawn[0].shape, groups: 1)
        let part = drawn[2].convolutionInputGradient(narrow, window, input: [7, 9, 9, 96], groups: 1)
        #expect(first(96, dx) == part.array)
    }

    @Test func manyBlocksAgreeWithTheReference() {
        let test = Case(input: [6, 64, 64, 4], out: 8, kernel: 3, padding: 1)
        #expect(test.largestError(test.shapes) < 1e-5)
        #expect(test.threadViolations(test.shapes) == [])
    }
}
