import Autograd
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction, CustomTestStringConvertible {
    var input: Shape = [2, 7, 6, 3]
    var size: Pair = 3
    var scale = 0.5
    var samples = 0
    var aligned = true
    /// Row of the batch and corners: inside, within one pixel, without a size, half outside, fully outside, all of it.
    var regions: [[Float]] = [
        [0, 1.5, 2, 9, 11.5], [1, 4, 4, 4.25, 4.5], [0, 3, 3, 3, 3], [1, -4, -7, 5, 6], [0, 40, 50, 60, 70],
        [1, 0, 0, 12, 14], [0, 2, 3, 8, 30],
    ]
    var testDescription: String { "\(input), size \(size), scale \(scale), samples \(samples), aligned \(aligned)" }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        let corners = cast(Tensor([regions.count, 5], regions.flatMap { $0 }), to: S.self)
        return [v[0].regionAligned(corners, size: size, scale: scale, samples: samples, aligned: aligned)]
    }

    /// The definition, sample by sample.
    func plain(_ maps: Tensor<Double>) -> Tensor<Double> {
        let x = maps.array
        let (height, width, channels) = (input[1], input[2], input[3])
        func read(_ n: Int, _ c: Int, _ y: Double, _ column: Double) -> Double {
            if y < -1 || y > Double(height) || column < -1 || column > Double(width) { return 0 }
            let (v, h) = (
                min(max(y, 0), Double(height - 1)), min(max(column, 0), Double(width - 1))
            )
            let (top, left) = (Int(v), Int(h))
            func at(_ r: Int, _ q: Int) -> Double {
                x[((n * height + min(r, height - 1)) * width + min(q, width - 1)) * channels + c]
            }
            let (a, b) = (v - Double(top), h - Double(left))
            return (1 - a) * ((1 - b) * at(top, left) + b * at(top, left + 1))
                + a * ((1 - b) * at(top + 1, left) + b * at(top + 1, left + 1))
        }
        var y: [Double] = []
        for region in regions {
            let shift = aligned ? 0.5 : 0
            let corners = region.dropFirst().map { Double($0) * scale - shift }
            let least = aligned ? -Double.infinity : 1
            let bin = (
                max(corners[3] - corners[1], least) / Double(size.height),
                max(corners[2] - corners[0], least) / Double(size.width)
            )
            let count = (
                samples > 0 ? samples : Int(bin.0.rounded(.up)), samples > 0 ? samples : Int(bin.1.rounded(.up))
            )
            for i in 0..<size.height {
                for j in 0..<size.width {
                    for c in 0..<channels {
                        var sum = 0.0
                        for a in 0..<max(0, count.0) {
                            for b in 0..<max(0, count.1) {
                                sum += read(
                                    Int(region[0]), c,
                                    corners[1] + Double(i) * bin.0 + (Double(a) + 0.5) * bin.0 / Double(count.0),
                                    corners[0] + Double(j) * bin.1 + (Double(b) + 0.5) * bin.1 / Double(count.1))
                            }
                        }
                        y.append(sum / Double(max(1, count.0 * count.1)))
                    }
                }
            }
        }
        return Tensor([regions.count, size.height, size.width, channels], y)
    }
}

@Suite struct RegionAlignedTests {
    private static let cases: [Case] = [
        Case(), Case(samples: 2), Case(aligned: false), Case(samples: 2, aligned: false),
        Case(size: Pair(2, 5), scale: 0.25, samples: 3), Case(size: 1, scale: 1),
        Case(input: [2, 1, 1, 2], scale: 1),
    ]

    @Test(arguments: cases)
    fileprivate func equalsItsDefinition(_ c: Case) {
        let maps = cast(operands([c.input])[0], to: Double.self)
        #expect(relativeError(c([Variable(maps)])[0].value, c.plain(maps)) < 1e-13)
    }

    @Test(arguments: cases + [Case(input: [2, 16, 17, 80], size: 7)])
    fileprivate func precisionAndThreads(_ c: Case) {
        #expect(c.largestError([c.input]) < 2e-6)
        #expect(c.threadViolations([c.input]) == [])
    }

    @Test func regionsOfSeveralMapsAreThoseOfEachByItself() {
        let maps = operands([[2, 8, 9, 3], [2, 4, 5, 3]])
        let regions: [[Float]] = [[1, 2, 3, 9, 8], [0, 0, 1, 15, 14], [1, 1, 1, 6, 7], [0, 4, 4, 12, 16]]
        let levels = [1, 0, 0, 1]
        func rows(_ chosen: [Int]) -> Tensor<Float> { Tensor([chosen.count, 5], chosen.flatMap { regions[$0] }) }
        let together = Variable.regionsAligned(
            maps.map { Variable($0) }, rows([0, 1, 2, 3]), levels: levels, size: 2, scales: [0.5, 0.25])
        for (row, level) in levels.enumerated() {
            let alone = Variable(maps[level]).regionAligned(rows([row]), size: 2, scale: [0.5, 0.25][level])
            #expect(together.value.array[row * 12..<row * 12 + 12].elementsEqual(alone.value.array))
        }
    }

    @Test func aConstantMapGivesItsConstantInside() {
        let map = Variable(Tensor<Double>([1, 8, 8, 2], repeating: 3))
        let regions = Tensor<Double>([1, 5], [0, 2.3, 1.7, 12.9, 13.1])
        let y = map.regionAligned(regions, size: 4, scale: 0.5)
        #expect(y.value.array.allSatisfy { abs($0 - 3) < 1e-14 })
    }

    /// An image of a thousand million pixels is not walked over.
    @Test(.timeLimit(.minutes(1)))
    func hugeRegionsTakeNoTime() {
        let map = Variable(Tensor<Double>([1, 4, 4, 1], repeating: 1))
        for side in [1e6, 1e9, 1e18, 1e300] {
            let y = map.regionAligned(Tensor([1, 5], [0, -side, -side, side, side]), size: 2, scale: 1)
            #expect(y.value.array.allSatisfy { $0 >= 0 && $0 < 1e-4 })
        }
    }

    @Test func aCornerThatIsNoNumberIsNotHidden() {
        let tape = Tape<Float>()
        let map = tape.leaf(Tensor([1, 2, 2, 1], [1, 2, 3, 4]))
        let y = map.regionAligned(
            Tensor([2, 5], [0, 0, 0, .nan, 2, 0, 0, 0, 2, 2]), size: 1, scale: 1, samples: 1)
        #expect(y.value.array[0].isNaN)
        #expect(y.value.array[1] == 2.5)
        tape.backward(from: y, cotangent: Tensor([2, 1, 1, 1], [1, 4]))
        #expect(tape.gradient(of: map)?.array == [1, 1, 1, 1])
    }
}
