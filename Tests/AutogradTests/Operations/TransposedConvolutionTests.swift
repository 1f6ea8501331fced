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
    var added: Pair = 0
    var dilation: Pair = 1
    var groups = 1
    var testDescription: String {
        "\(input) to \(out), kernel \(kernel), stride \(stride), padding \(padding), output padding \(added), dilation \(dilation), groups \(groups)"
    }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [
            v[0].transposedConvolution(
                v[1], v[2], stride: stride, padding: padding, outputPadding: added, dilation: dilation, groups: groups)
        ]
    }

    var shapes: [Shape] { [input, [input[3], kernel.height, kernel.width, out / groups], [out]] }

    /// The scatter that defines it, element by element.
    func plain(_ operands: [Tensor<Double>], output: Shape) -> Tensor<Double> {
        let (x, w, b) = (operands[0].array, operands[1].array, operands[2].array)
        let (inputs, outputs) = (input[3] / groups, out / groups)
        var y = (0..<output.elementCount).map { b[$0 % out] }
        for pixel in 0..<input.rows {
            let (n, r, c) = (pixel / (input[1] * input[2]), pixel / input[2] % input[1], pixel % input[2])
            for i in 0..<kernel.height {
                for j in 0..<kernel.width {
                    let row = r * stride.height - padding.height + i * dilation.height
                    let column = c * stride.width - padding.width + j * dilation.width
                    guard 0..<output[1] ~= row, 0..<output[2] ~= column else { continue }
                    let to = ((n * output[1] + row) * output[2] + column) * out
                    for k in 0..<input[3] {
                        for o in 0..<outputs {
                            y[to + k / inputs * outputs + o] +=
                                x[pixel * input[3] + k] * w[((k * kernel.height + i) * kernel.width + j) * outputs + o]
                        }
                    }
                }
            }
        }
        return Tensor(output, y)
    }
}

@Suite struct TransposedConvolutionTests {
    private static let cases: [Case] = [
        Case(input: [2, 5, 4, 3], out: 2, kernel: 3, padding: 1),
        Case(input: [3, 14, 14, 32], out: 16, kernel: 2, stride: 2),
        Case(input: [1, 3, 5, 4], out: 3, kernel: Pair(3, 2), stride: Pair(3, 2)),
        Case(input: [2, 3, 5, 4], out: 3, kernel: 2, stride: 2, added: 1),
        Case(input: [2, 7, 9, 6], out: 4, kernel: 4, stride: 2, padding: 1, groups: 2),
        Case(
            input: [1, 4, 4, 6], out: 4, kernel: Pair(3, 4), stride: Pair(2, 3), padding: Pair(1, 2), added: Pair(0, 2)),
        Case(
            input: [2, 4, 5, 4], out: 8, kernel: 3, stride: Pair(1, 2), padding: Pair(2, 1), added: Pair(1, 2),
            dilation: Pair(2, 3), groups: 2),
        Case(input: [2, 6, 5, 7], out: 5, kernel: 1),
        Case(input: [2, 9, 11, 24], out: 16, kernel: 4, stride: 2, padding: 1),
        Case(input: [1, 5, 4, 12], out: 24, kernel: 3, stride: 2, padding: 1, added: 1, groups: 6),
        Case(input: [2, 3, 4, 2], out: 3, kernel: 2, stride: 3, added: 2),
    ]

    /// Steps over every other pixel, which go by tiles.
    private static let tiled: [Case] = [
        Case(input: [2, 8, 8, 32], out: 16, kernel: 4, stride: 2, padding: 1),
        Case(input: [1, 9, 6, 16], out: 48, kernel: 4, stride: 2, padding: 1),
        Case(input: [2, 8, 9, 64], out: 32, kernel: 3, stride: 2, padding: 1, added: 1),
        Case(input: [1, 5, 7, 48], out: 16, kernel: 3, stride: 2, padding: 1),
        Case(input: [1, 5, 4, 64], out: 96, kernel: 3, stride: 2, padding: 1, added: Pair(0, 1), groups: 2),
        Case(input: [33, 4, 4, 16], out: 16, kernel: 4, stride: 2, padding: 1, added: 1),
    ]

    @Test(arguments: tiled)
    fileprivate func tilesAreAsExactAsTilesAre(_ c: Case) {
        #expect(c.largestError(c.shapes) < 1e-5)
        #expect(c.threadViolations(c.shapes) == [])
    }

    @Test(arguments: cases + tiled)
    fileprivate func equalsItsDefinition(_ c: Case) {
        let drawn = operands(c.shapes).map { cast($0, to: Double.self) }
        let found = c(drawn.map { Variable($0) })[0].value
        #expect(relativeError(found, c.plain(drawn, output: found.shape)) < 1e-13)
    }

    @Test(arguments: cases)
    fileprivate func precisionAndThreads(_ c: Case) {
        #expect(c.largestError(c.shapes) < 3e-6)
        #expect(c.threadViolations(c.shapes) == [])
    }

    /// <conv(a), b> = <a, convT(b)> wherever the sizes meet.
    @Test(arguments: cases)
    fileprivate func itIsTheAdjointOfTheConvolution(_ c: Case) {
        let drawn = operands(c.shapes).map { cast($0, to: Double.self) }
        let (b, w) = (Variable(drawn[0]), Variable(drawn[1]))
        let back = b.transposedConvolution(
            w, nil, stride: c.stride, padding: c.padding, dilation: c.dilation, groups: c.groups)
        let a = Variable(cast(operands([back.shape], seed: 5)[0], to: Double.self))
        let there = a.convolution(w, nil, stride: c.stride, padding: c.padding, dilation: c.dilation, groups: c.groups)
        let (left, right) = (innerProduct(there.value, b.value), innerProduct(a.value, back.value))
        #expect(abs(left - right) < 1e-11 * max(1, abs(left)))
    }

    private func numbers(_ count: Int) -> [Double] { (1...count).map { Double($0) } }

    /// One channel: x = 1, 2, 3, 4 and w = 1...9, the result and, for g = 1, 2, ..., both gradients.
    @Test func smallExamplesComeOut() throws {
        func run(_ stride: Int, _ padding: Int = 0, _ added: Int = 0) -> (y: [Double], dx: [Double], dw: [Double]) {
            let tape = Tape<Double>()
            let x = tape.leaf(Tensor([1, 2, 2, 1], numbers(4)))
            let w = tape.leaf(Tensor([1, 3, 3, 1], numbers(9)))
            let y = x.transposedConvolution(
                w, nil, stride: Pair(stride), padding: Pair(padding), outputPadding: Pair(added))
            tape.backward(from: y, cotangent: Tensor(y.shape, numbers(y.shape.elementCount)))
            return (y.value.array, tape.gradient(of: x)?.array ?? [], tape.gradient(of: w)?.array ?? [])
        }
        let one = run(1)
        #expect(one.y == [1, 4, 7, 6, 7, 23, 33, 24, 19, 53, 63, 42, 21, 52, 59, 36])
        #expect(one.dx == [348, 393, 528, 573])
        #expect(one.dw == [44, 54, 64, 84, 94, 104, 124, 134, 144])
        let two = run(2)
        #expect(
            two.y == [
                1, 2, 5, 4, 6, 4, 5, 14, 10, 12, 10, 14, 36, 24, 30, 12, 15, 34, 20, 24, 21, 24, 55, 32, 36,
            ])
        #expect(two.dx == [411, 501, 861, 951])
        #expect(two.dw == [92, 102, 112, 142, 152, 162, 192, 202, 212])
        #expect(run(2, 1, 1).y == [5, 14, 10, 12, 14, 36, 24, 30, 15, 34, 20, 24, 24, 55, 32, 36])
    }

    @Test func itDoesNotInvertTheConvolution() {
        var rows: [[Double]] = []
        let w = Variable(Tensor([1, 3, 3, 1], numbers(9)))
        for place in 0..<4 {
            var unit = [0.0, 0, 0, 0]
            unit[place] = 1
            rows.append(
                Variable(Tensor([1, 2, 2, 1], unit)).transposedConvolution(w, nil).convolution(w, nil).value.array)
        }
        #expect(rows == [[285, 186, 154, 94], [186, 285, 106, 154], [154, 106, 285, 186], [94, 154, 186, 285]])
    }

    @Test func kernelsThatStridesDoNotDivideMakeCheckerboards() {
        func middle(_ kernel: Int) -> [Double] {
            let x = Variable(Tensor<Double>([1, 4, 4, 1], repeating: 1))
            let w = Variable(Tensor<Double>([1, kernel, kernel, 1], repeating: 1))
            let y = x.transposedConvolution(w, nil, stride: 2)
            return Array(y.value.array[3 * y.shape[2] + 2..<3 * y.shape[2] + 7])
        }
        #expect(middle(3) == [2, 1, 2, 1, 2])
        #expect(middle(4) == [4, 4, 4, 4, 4])
    }
}
