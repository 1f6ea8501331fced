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
    var dilation: Triple = 1
    var groups = 1
    var testDescription: String {
        "\(input) to \(out), kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation), groups \(groups)"
    }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [v[0].volumeConvolution(v[1], v[2], stride: stride, padding: padding, dilation: dilation, groups: groups)]
    }

    var shapes: [Shape] { [input, Shape([out] + kernel.numbers + [input[4] / groups]), [out]] }

    /// The definition, element by element.
    func plain(_ operands: [Tensor<Double>]) -> Tensor<Double> {
        let (x, w, b) = (operands[0].array, operands[1].array, operands[2].array)
        let size = VolumeWindow(kernel: kernel, stride: stride, padding: padding, dilation: dilation).outputSize(
            Triple(input[1], input[2], input[3]))
        let inputs = input[4] / groups
        let results = size.depth * size.height * size.width
        let taps = kernel.depth * kernel.height * kernel.width
        var y: [Double] = []
        for place in 0..<input[0] * results {
            let (n, at) = (place / results, place % results)
            let front = at / (size.height * size.width) * stride.depth - padding.depth
            let top = at / size.width % size.height * stride.height - padding.height
            let left = at % size.width * stride.width - padding.width
            for o in 0..<out {
                var sum = b[o]
                for tap in 0..<taps {
                    let slice = front + tap / (kernel.height * kernel.width) * dilation.depth
                    let row = top + tap / kernel.width % kernel.height * dilation.height
                    let column = left + tap % kernel.width * dilation.width
                    guard 0..<input[1] ~= slice, 0..<input[2] ~= row, 0..<input[3] ~= column else { continue }
                    let pixel = (((n * input[1] + slice) * input[2] + row) * input[3] + column) * input[4]
                    let first = pixel + o / (out / groups) * inputs
                    for k in 0..<inputs { sum += x[first + k] * w[(o * taps + tap) * inputs + k] }
                }
                y.append(sum)
            }
        }
        return Tensor([input[0], size.depth, size.height, size.width, out], y)
    }
}

@Suite struct VolumeConvolutionTests {
    private static let cases: [Case] = [
        Case(input: [2, 4, 5, 6, 3], out: 4, kernel: 3, padding: 1),
        Case(
            input: [1, 7, 6, 8, 4], out: 6, kernel: Triple(3, 2, 3), stride: Triple(2, 1, 3), padding: Triple(1, 0, 1)),
        Case(
            input: [1, 6, 7, 6, 4], out: 4, kernel: Triple(3, 3, 2), stride: Triple(1, 2, 1),
            padding: Triple(2, 1, 0), dilation: Triple(2, 1, 3), groups: 2),
        Case(input: [1, 4, 5, 5, 4], out: 8, kernel: 3, padding: 1, groups: 4),
        Case(input: [2, 5, 6, 4, 40], out: 40, kernel: 2, stride: 2, groups: 10),
        Case(input: [2, 3, 9, 8, 16], out: 16, kernel: Triple(1, 3, 3), padding: Triple(0, 1, 1)),
        Case(input: [1, 6, 3, 4, 5], out: 7, kernel: Triple(3, 1, 1), padding: Triple(1, 0, 0)),
        Case(input: [2, 4, 3, 4, 9], out: 33, kernel: 1),
        Case(input: [1, 2, 2, 2, 1], out: 2, kernel: 2, padding: 3),
    ]

    /// Kernels of 3x3 within a slice, or of 4x4 with a stride of 2, which go by tiles.
    private static let tiled: [Case] = [
        Case(input: [2, 4, 8, 8, 16], out: 16, kernel: 3, padding: 1),
        Case(input: [1, 5, 9, 6, 32], out: 48, kernel: 3, padding: 1),
        Case(input: [2, 7, 5, 10, 16], out: 32, kernel: 3, stride: Triple(2, 1, 1), padding: 1),
        Case(input: [1, 6, 4, 7, 32], out: 16, kernel: 3, padding: Triple(2, 1, 1), dilation: Triple(2, 1, 1)),
        Case(input: [1, 3, 12, 8, 128], out: 64, kernel: Triple(2, 3, 3), padding: Triple(0, 1, 1)),
        Case(input: [1, 1, 8, 8, 16], out: 16, kernel: Triple(5, 3, 3), padding: Triple(2, 1, 1)),
        Case(input: [2, 5, 9, 8, 16], out: 32, kernel: 3, stride: 2, padding: 1),
        Case(input: [1, 4, 16, 18, 32], out: 48, kernel: 4, stride: 2, padding: 1),
        Case(
            input: [2, 4, 8, 17, 32], out: 80, kernel: 3, stride: Triple(1, 2, 2), padding: Triple(2, 1, 1),
            dilation: Triple(2, 1, 1)),
        Case(input: [1, 3, 11, 10, 64], out: 64, kernel: 3, stride: 2, padding: 1, groups: 2),
    ]

    @Test(arguments: cases + tiled)
    fileprivate func equalsTheDefinition(_ test: Case) {
        let plain = test.plain(operands(test.shapes).map { cast($0, to: Double.self) })
        #expect(relativeError(test.evaluation(test.shapes, as: Double.self).outputs[0], plain) < 1e-13)
    }

    @Test(arguments: cases)
    fileprivate func singlePrecisionAgreesWithTheReference(_ test: Case) {
        for (what, error) in zip(["result", "x", "weight", "bias"], test.errors(test.shapes)) {
            #expect(error < 3e-6, "\(what)")
        }
    }

    /// A tile's result is a difference of larger numbers, so that it is less exact than a plain sum.
    @Test(arguments: tiled)
    fileprivate func tilesAgreeWithTheReference(_ test: Case) {
        for (what, error) in zip(["result", "x", "weight", "bias"], test.errors(test.shapes)) {
            #expect(error < 1e-5, "\(what)")
        }
    }

    /// <A x, g> = <x, A^T g>, and the same for the weight.
    @Test(arguments: cases + tiled)
    fileprivate func gradientsAreAdjoint(_ test: Case) {
        var operands = operands(test.shapes)
        operands[2] = .zeros(operands[2].shape)
        let run = Evaluation<Double>(operands) { test($0) }
        let expected = innerProduct(run.outputs[0], run.cotangents[0])
        for position in 0..<2 {
            let found = innerProduct(cast(operands[position], to: Double.self), run.gradients[position])
            #expect(abs(found - expected) < 1e-9 * max(1, abs(expected)))
        }
    }

    @Test(arguments: cases + tiled)
    fileprivate func theNumberOfThreadsDoesNotMatter(_ test: Case) {
        #expect(test.threadViolations(test.shapes) == [])
    }

    private func numbers(_ range: ClosedRange<Int>) -> [Double] { range.map { Double($0) } }

    /// x = 0...63 and w = 1...8 with a stride of 2.
    @Test func smallExamplesComeOut() {
        let tape = Tape<Double>()
        let w = tape.leaf(Tensor([1, 2, 2, 2, 1], numbers(1...8)))
        let x = Variable(Tensor<Double>([1, 4, 4, 4, 1], numbers(0...63)))
        let y = x.volumeConvolution(w, nil, stride: 2)
        #expect(y.value.array == [524, 596, 812, 884, 1676, 1748, 1964, 2036])
        tape.backward(from: y, cotangent: Tensor(y.shape, numbers(1...8)))
        #expect(tape.gradient(of: w)?.array == [1048, 1084, 1192, 1228, 1624, 1660, 1768, 1804])
    }

    /// A kernel that is as deep as the volume has slices sees what a convolution of maps with as many channels sees.
    @Test func aKernelOfAllSlicesIsOneOfMaps() {
        let (volumes, weight) = (operands([[2, 3, 6, 5, 1]])[0], operands([[4, 3, 3, 3, 1]], seed: 9)[0])
        let maps = volumes.reshaped([2, 3, 30]).transposed([0, 2, 1]).reshaped([2, 6, 5, 3])
        let flat = weight.reshaped([4, 3, 9]).transposed([0, 2, 1]).reshaped([4, 3, 3, 3])
        let y = Variable(volumes).volumeConvolution(Variable(weight), nil)
        let expected = Variable(maps).convolution(Variable(flat), nil)
        #expect(relativeError(y.value.reshaped(expected.shape), cast(expected.value, to: Double.self)) < 1e-6)
    }

    /// A block diagonal weight without groups.
    @Test func groupsAreBlocksOfADenseKernel() {
        let (x, w) = (operands([[1, 4, 5, 4, 6]])[0], operands([[4, 3, 3, 3, 3]], seed: 9)[0])
        let (grouped, taps) = (w.array, 27)
        var dense = [Float](repeating: 0, count: 4 * taps * 6)
        for o in 0..<4 {
            for tap in 0..<taps {
                for k in 0..<3 { dense[(o * taps + tap) * 6 + o / 2 * 3 + k] = grouped[(o * taps + tap) * 3 + k] }
            }
        }
        let y = Variable(x).volumeConvolution(Variable(w), nil, padding: 1, groups: 2)
        let expected = Variable(x).volumeConvolution(Variable(Tensor([4, 3, 3, 3, 6], dense)), nil, padding: 1)
        #expect(relativeError(y.value, cast(expected.value, to: Double.self)) < 1e-6)
    }

    @Test func aVolumeIsConvolvedTheSameInAnyBatch() {
        let operands = operands([[3, 6, 8, 12, 16], [16, 3, 3, 3, 16]])
        let size = 6 * 8 * 12 * 16
        func convolved(_ volumes: Range<Int>) -> [Float] {
            let values = Array(operands[0].array[volumes.lowerBound * size..<volumes.upperBound * size])
            let x = Variable(Tensor([volumes.count, 6, 8, 12, 16], values))
            return x.volumeConvolution(Variable(operands[1]), nil, padding: 1).value.array
        }
        let all = convolved(0..<3)
        #expect(convolved(0..<1) == Array(all[..<size]))
        #expect(convolved(1..<3) == Array(all[size...]))
    }
}
