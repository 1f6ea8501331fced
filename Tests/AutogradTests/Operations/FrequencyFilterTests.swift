import Autograd
import Foundation
import Tensors
import TestSupport
import Testing

private struct Case: ScalarFunction, CustomTestStringConvertible {
    var input: Shape
    var blocks: Int
    var threshold = 0.01
    var testDescription: String { "\(input), \(blocks) blocks, threshold \(threshold)" }
    var side: Int { input[3] / blocks }
    var shapes: [Shape] {
        let (weight, bias): (Shape, Shape) = ([2, blocks, side, side], [2, blocks, side])
        return [input, weight, bias, weight, bias]
    }

    func callAsFunction<S>(_ v: [Variable<S>]) -> [Variable<S>] {
        [v[0].frequencyFiltered(weights: (v[1], v[3]), biases: (v[2], v[4]), threshold: threshold)]
    }
}

@Suite struct FrequencyFilterTests {
    private static let cases: [Case] = [
        Case(input: [2, 6, 8, 16], blocks: 8), Case(input: [3, 5, 7, 12], blocks: 2),
        Case(input: [2, 4, 3, 3], blocks: 3), Case(input: [19, 1, 6, 4], blocks: 2),
        Case(input: [2, 7, 1, 5], blocks: 1), Case(input: [2, 16, 16, 40], blocks: 8, threshold: 0.5),
    ]

    @Test(arguments: cases)
    fileprivate func precisionAndThreads(_ c: Case) {
        // The fewest numbers lie at a kink in either precision.
        #expect(c.largestError(c.shapes) < 3e-5)
        #expect(c.threadViolations(c.shapes) == [])
    }

    /// A filter that ends below the threshold leaves the map as it is.
    @Test func nothingIsAddedBelowTheThreshold() {
        let c = Case(input: [2, 5, 6, 4], blocks: 2, threshold: 1e6)
        let v = operands(c.shapes).map { Variable($0) }
        #expect(relativeError(c(v)[0].value, cast(v[0].value, to: Double.self)) == 0)
    }

    /// With a constant filter M = c + id the map is x + c x + d times the map's Hilbert-like part; with d = 0 it is a
    /// multiple of x, also in the columns that are their own mirror images.
    @Test(arguments: [(4, 6), (5, 3), (1, 4), (3, 2)])
    func aConstantFilterScalesTheMap(height: Int, width: Int) {
        let c = Case(input: [2, height, width, 4], blocks: 2, threshold: 0.25)
        var v = operands(c.shapes).map { Variable(cast($0, to: Double.self)) }
        for i in [1, 2, 3] { v[i] = Variable(.zeros(v[i].shape)) }
        v[4] = Variable(Tensor([2, 2, 2], [1.25, 1.25, 1.25, 1.25, 0.25, 0.25, 0.25, 0.25]))
        #expect(relativeError(c(v)[0].value, v[0].value.scaled(by: 2)) < 1e-14)
    }

    /// The definition, with transforms summed term by term.
    @Test(arguments: [(4, 4), (3, 5)])
    func equalsItsDefinition(height: Int, width: Int) {
        let c = Case(input: [1, height, width, 4], blocks: 2)
        let drawn = operands(c.shapes).map { cast($0, to: Double.self) }
        let a = drawn.map(\.array)
        let (columns, positions) = (width / 2 + 1, height * width)
        func index(_ part: Int, _ block: Int, _ i: Int, _ o: Int) -> Int { ((part * 2 + block) * 2 + i) * 2 + o }
        func angle(_ r: Int, _ k: Int, _ y: Int, _ x: Int) -> Double {
            2 * Double.pi * (Double(r * y) / Double(height) + Double(k * x) / Double(width))
        }
        func shrunk(_ z: Double) -> Double { z > 0.01 ? z - 0.01 : z < -0.01 ? z + 0.01 : 0 }
        var expected = a[0]
        for block in 0..<2 {
            for r in 0..<height {
                for k in 0..<width {
                    // Of a bin beyond the half plane the conjugate of its mirror image counts; on its edges both halves.
                    func spectrum(_ r: Int, _ k: Int) -> [(Double, Double)] {
                        (0..<2).map { j in
                            var (re, im) = (0.0, 0.0)
                            for y in 0..<height {
                                for x in 0..<width {
                                    let value = a[0][(y * width + x) * 4 + block * 2 + j]
                                    re += value * cos(angle(r, k, y, x))
                                    im -= value * sin(angle(r, k, y, x))
                                }
                            }
                            let scale = 1 / Double(positions).squareRoot()
                            return (re * scale, im * scale)
                        }
                    }
                    func layer(_ s: [(Double, Double)], _ w: [Double], _ b: [Double]) -> [(Double, Double)] {
                        (0..<2).map { o in
                            var (re, im) = (b[block * 2 + o], b[(2 + block) * 2 + o])
                            for i in 0..<2 {
                                re += s[i].0 * w[index(0, block, i, o)] - s[i].1 * w[index(1, block, i, o)]
                                im += s[i].1 * w[index(0, block, i, o)] + s[i].0 * w[index(1, block, i, o)]
                            }
                            return (re, im)
                        }
                    }
                    func filtered(_ r: Int, _ k: Int) -> [(Double, Double)] {
                        let s = spectrum(r, k)
                        let hidden = layer(s, a[1], a[2]).map { (max($0.0, 0), max($0.1, 0)) }
                        return zip(layer(hidden, a[3], a[4]), s).map { z, s in
                            let (m, n) = (shrunk(z.0), shrunk(z.1))
                            return (m * s.0 - n * s.1, m * s.1 + n * s.0)
                        }
                    }
                    let mirror = filtered((height - r) % height, (width - k) % width).map { ($0.0, -$0.1) }
                    let isEdge = k == 0 || 2 * k == width
                    let here = k < columns ? filtered(r, k) : mirror
                    let f = zip(here, mirror).map { isEdge ? (($0.0 + $1.0) / 2, ($0.1 + $1.1) / 2) : $0 }
                    for y in 0..<height {
                        for x in 0..<width {
                            for j in 0..<2 {
                                expected[(y * width + x) * 4 + block * 2 + j] +=
                                    (f[j].0 * cos(angle(r, k, y, x)) - f[j].1 * sin(angle(r, k, y, x)))
                                    / Double(positions).squareRoot()
                            }
                        }
                    }
                }
            }
        }
        let found = c(drawn.map { Variable($0) })[0].value
        #expect(relativeError(found, Tensor(found.shape, expected)) < 1e-13)
    }
}
