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
    var offsetGroups = 1
    var hasMask = true
    var testDescription: String {
        "\(input) to \(out), kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation), groups \(groups) and \(offsetGroups)"
    }

    var size: Pair {
        Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
            .outputSize(Pair(input[1], input[2]))
    }
    var taps: Int { kernel.height * kernel.width }

    var shapes: [Shape] {
        let places: Shape = [input[0], size.height, size.width, 2 * offsetGroups * taps]
        return [input, [out, kernel.height, kernel.width, input[3] / groups], [out], places]
            + (hasMask ? [places.replacing(axis: 3, with: offsetGroups * taps)] : [])
    }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [
            v[0].deformableConvolution(
                v[1], v[2], offsets: v[3], mask: hasMask ? v[4] : nil, stride: stride, padding: padding,
                dilation: dilation, groups: groups, offsetGroups: offsetGroups)
        ]
    }

    /// The definition, element by element.
    func plain(_ operands: [Tensor<Double>]) -> Tensor<Double> {
        let (x, w, b) = (operands[0].array, operands[1].array, operands[2].array)
        let (offsets, mask) = (operands[3].array, hasMask ? operands[4].array : [])
        let (height, width, channels) = (input[1], input[2], input[3])
        func read(_ n: Int, _ c: Int, _ y: Double, _ x0: Double) -> Double {
            var sum = 0.0
            for row in 0..<height {
                for column in 0..<width {
                    let share = max(0, 1 - abs(y - Double(row))) * max(0, 1 - abs(x0 - Double(column)))
                    sum += share == 0 ? 0 : share * x[((n * height + row) * width + column) * channels + c]
                }
            }
            return sum
        }
        var y: [Double] = []
        for pixel in 0..<input[0] * size.height * size.width {
            let (n, i) = (pixel / (size.height * size.width), pixel / size.width % size.height)
            let j = pixel % size.width
            for o in 0..<out {
                var sum = b[o]
                for c in 0..<channels / groups {
                    let channel = o / (out / groups) * (channels / groups) + c
                    let group = channel / (channels / offsetGroups)
                    for t in 0..<taps {
                        let at = (pixel * offsetGroups + group) * taps + t
                        let py =
                            Double(i * stride.height - padding.height + t / kernel.width * dilation.height)
                            + offsets[2 * at]
                        let px =
                            Double(j * stride.width - padding.width + t % kernel.width * dilation.width)
                            + offsets[2 * at + 1]
                        sum +=
                            w[(o * taps + t) * (channels / groups) + c] * (hasMask ? mask[at] : 1)
                            * read(n, channel, py, px)
                    }
                }
                y.append(sum)
            }
        }
        return Tensor([input[0], size.height, size.width, out], y)
    }
}

@Suite struct DeformableConvolutionTests {
    private static let cases: [Case] = [
        Case(input: [2, 5, 4, 3], out: 2),
        Case(input: [1, 4, 5, 20], out: 3, hasMask: false),
        Case(
            input: [2, 7, 6, 8], out: 4, kernel: Pair(3, 2), stride: Pair(2, 1), padding: Pair(1, 2),
            dilation: Pair(1, 2), groups: 2, offsetGroups: 4),
        Case(input: [1, 5, 4, 8], out: 4, groups: 4, offsetGroups: 2),
        Case(input: [2, 5, 7, 4], out: 3, kernel: 1, stride: 2, padding: 0, offsetGroups: 2),
        Case(input: [1, 4, 4, 4], out: 4, padding: 2, dilation: 2, groups: 4),
    ]

    @Test(arguments: cases)
    fileprivate func equalsItsDefinition(_ c: Case) {
        let drawn = operands(c.shapes).map { cast($0, to: Double.self) }
        #expect(relativeError(c(drawn.map { Variable($0) })[0].value, c.plain(drawn)) < 1e-13)
    }

    /// With channels enough for several slices, and blocks that are cut.
    @Test(arguments: cases + [Case(input: [1, 5, 24, 144], out: 8, offsetGroups: 2)])
    fileprivate func precisionAndThreads(_ c: Case) {
        #expect(c.largestError(c.shapes) < 2e-5)
        #expect(c.threadViolations(c.shapes) == [])
    }

    @Test func withoutOffsetsItIsAConvolution() {
        for (stride, dilation) in [(1, 1), (2, 1), (1, 2)] {
            let c = Case(
                input: [2, 6, 7, 6], out: 4, stride: Pair(stride), padding: Pair(dilation), dilation: Pair(dilation),
                groups: 2, offsetGroups: 3)
            var drawn = operands(c.shapes).map { cast($0, to: Double.self) }
            drawn[3] = .zeros(drawn[3].shape)
            drawn[4] = Tensor(drawn[4].shape, repeating: 1)
            let v = drawn.map { Variable($0) }
            let plain = v[0].convolution(
                v[1], v[2], stride: c.stride, padding: c.padding, dilation: c.dilation, groups: c.groups)
            #expect(relativeError(c(v)[0].value, plain.value) < 1e-14)
        }
    }

    /// An image's results and gradients do not depend on the others of its batch.
    @Test func imagesDoNotKnowOfEachOther() {
        let c = Case(input: [5, 5, 4, 80], out: 3)
        let drawn = operands(c.shapes)
        let all = Evaluation<Float>(drawn) { c($0) }
        func image(_ x: Tensor<Float>, _ n: Int) -> Tensor<Float> {
            let size = x.elementCount / 5
            return Tensor(x.shape.replacing(axis: 0, with: 1), Array(x.array[n * size..<(n + 1) * size]))
        }
        for n in 0..<5 {
            let tape = Tape<Float>()
            let v = [0, 3, 4].map { tape.leaf(image(drawn[$0], n)) }
            let y = v[0].deformableConvolution(
                Variable(drawn[1]), Variable(drawn[2]), offsets: v[1], mask: v[2], padding: 1)
            #expect(y.value.bits == image(all.outputs[0], n).bits)
            tape.backward(from: y, cotangent: image(all.cotangents[0], n))
            for (leaf, operand) in zip(v, [0, 3, 4]) {
                #expect(tape.gradient(of: leaf)?.bits == image(all.gradients[operand], n).bits)
            }
        }
    }

    /// x = 0...24, w = 1...9, every tap half a pixel down and a quarter to the right, mask 0.5; g = 1...9.
    @Test func aSmallExampleComesOut() throws {
        let tape = Tape<Double>()
        let x = tape.leaf(Tensor([1, 5, 5, 1], (0..<25).map { Double($0) }))
        let w = tape.leaf(Tensor([1, 3, 3, 1], (1...9).map { Double($0) }))
        let offsets = tape.leaf(Tensor([1, 3, 3, 18], (0..<162).map { $0 % 2 == 0 ? 0.5 : 0.25 }))
        let mask = tape.leaf(Tensor([1, 3, 3, 9], repeating: 0.5))
        let y = x.deformableConvolution(w, offsets: offsets, mask: mask)
        #expect(
            y.value.scaled(by: 2).array == [489.75, 534.75, 516, 714.75, 759.75, 718.5, 623.75, 656.75, 614.75])
        tape.backward(from: y, cotangent: Tensor([1, 3, 3, 1], (1...9).map { Double($0) }))
        #expect(
            tape.gradient(of: w)?.array == [
                244.875, 267.375, 258, 357.375, 379.875, 359.25, 311.875, 328.375, 307.375,
            ])
        #expect(
            tape.gradient(of: x)?.array == [
                0.1875, 0.8125, 2.125, 2.875, 2.4375, 1.6875, 6.1875, 14.25, 16.5, 12.5625, 7.125, 23, 48.3125,
                50.9375, 36, 16.125, 46.25, 88.8125, 86.9375, 57.75, 19.6875, 52.6875, 95.25, 88.5, 56.0625,
            ])
        let byPlace = try #require(tape.gradient(of: offsets)).array
        func tap(_ t: Int, _ axis: Int) -> [Double] { (0..<9).map { byPlace[18 * $0 + 2 * t + axis] } }
        #expect(tap(0, 0) == [2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20, 22.5])
        #expect(tap(0, 1) == [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5])
        #expect(tap(8, 0) == [22.5, 45, 50.625, 90, 112.5, 101.25, -700.875, -837, -729])
        #expect(tap(8, 1) == [4.5, 9, -222.75, 18, 22.5, -580.5, 15.75, 18, -486])
        let byMask = try #require(tape.gradient(of: mask)).array
        func weight(_ t: Int) -> [Double] { (0..<9).map { byMask[9 * $0 + t] } }
        #expect(weight(0) == [2.75, 7.5, 14.25, 31, 43.75, 58.5, 89.25, 110, 132.75])
        #expect(weight(8) == [132.75, 283.5, 334.125, 711, 933.75, 870.75, 700.875, 837, 729])
    }

    @Test func aPlaceThatIsNoNumberIsNotHidden() {
        func result(_ offset: Float) -> [Float] {
            Variable(Tensor<Float>([1, 1, 1, 1], [3])).deformableConvolution(
                Variable(Tensor([1, 1, 1, 1], [1])), offsets: Variable(Tensor([1, 1, 1, 2], [offset, 0]))
            ).value.array
        }
        #expect(result(.nan)[0].isNaN)
        #expect(result(.infinity) == [0])
        #expect(result(-1e30) == [0])
        #expect(result(0.25) == [2.25])
    }

    /// Without a need for some gradients the others are the same.
    @Test func constantsAreLeftOut() {
        let c = Case(input: [1, 5, 4, 6], out: 2)
        let drawn = operands(c.shapes)
        let all = Evaluation<Float>(drawn) { c($0) }
        for tracked in 0..<5 {
            let tape = Tape<Float>()
            let v = drawn.enumerated().map { $0 == tracked ? tape.leaf($1) : Variable($1) }
            tape.backward(from: c(v)[0], cotangent: all.cotangents[0])
            let gradient = tape.gradient(of: v[tracked])
            #expect(gradient.map { relativeError($0, all.gradients[tracked].converted(to: Double.self)) } ?? 1 < 1e-6)
        }
    }
}
