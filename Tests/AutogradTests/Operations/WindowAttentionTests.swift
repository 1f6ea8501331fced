import Autograd
import Foundation
import Tensors
import TestSupport
import Testing

/// A call of windowed attention: the map, its heads and its windows.
private struct Windowed: Sendable {
    var input: Shape
    var heads: Int
    var window: Pair
    var shift: Pair = 0
    var padded = true

    var shapes: [Shape] {
        let positions = (2 * window.height - 1) * (2 * window.width - 1)
        return [input, [positions, heads]] + (padded ? [[input[3]]] : [])
    }

    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [x[0].windowAttention(table: x[1], padding: padded ? x[2] : nil, heads: heads, window: window, shift: shift)]
    }

    /// As the definition says it, pixel by pixel: regions are numbered on the map that was moved, as in the authors' code.
    func plain(_ x: [Tensor<Float>]) -> [Double] {
        let (height, width, channels) = (input[1], input[2], input[3] / 3)
        let (rows, columns) = (
            (height + window.height - 1) / window.height * window.height,
            (width + window.width - 1) / window.width * window.width
        )
        let (qkv, table) = (x[0].array.map { Double($0) }, x[1].array.map { Double($0) })
        let beyond = padded ? x[2].array.map { Double($0) } : Array(repeating: 0, count: 3 * channels)
        func region(_ place: Int, _ extent: Int, _ window: Int, _ shift: Int) -> Int {
            place < extent - window ? 0 : place < extent - shift ? 1 : 2
        }
        let d = channels / heads
        var result = [Double](repeating: 0, count: input[0] * height * width * channels)
        for image in 0..<input[0] {
            func row(_ i: Int, _ j: Int) -> ArraySlice<Double> {
                let (i, j) = ((i + shift.height) % rows, (j + shift.width) % columns)
                if i >= height || j >= width { return beyond[...] }
                let start = ((image * height + i) * width + j) * 3 * channels
                return qkv[start..<start + 3 * channels]
            }
            for i in 0..<rows {
                for j in 0..<columns {
                    let (y, x) = ((i + shift.height) % rows, (j + shift.width) % columns)
                    if y >= height || x >= width { continue }
                    let (top, left) = (i / window.height * window.height, j / window.width * window.width)
                    for head in 0..<heads {
                        var scores: [Double] = []
                        var values: [[Double]] = []
                        for a in top..<top + window.height {
                            for b in left..<left + window.width {
                                let (q, k) = (Array(row(i, j)), Array(row(a, b)))
                                let position =
                                    (i - a + window.height - 1) * (2 * window.width - 1) + j - b + window.width - 1
                                let same =
                                    region(i, rows, window.height, shift.height)
                                    == region(a, rows, window.height, shift.height)
                                    && region(j, columns, window.width, shift.width)
                                        == region(b, columns, window.width, shift.width)
                                let product = (0..<d).reduce(0) { $0 + q[head * d + $1] * k[channels + head * d + $1] }
                                scores.append(
                                    product / Double(d).squareRoot() + table[position * heads + head]
                                        + (same ? 0 : -100))
                                values.append((0..<d).map { k[2 * channels + head * d + $0] })
                            }
                        }
                        let largest = scores.max() ?? 0
                        let shares = scores.map { exp($0 - largest) }
                        let sum = shares.reduce(0, +)
                        for c in 0..<d {
                            result[((image * height + y) * width + x) * channels + head * d + c] =
                                zip(shares, values).reduce(0) { $0 + $1.0 * $1.1[c] } / sum
                        }
                    }
                }
            }
        }
        return result
    }
}

@Suite struct WindowAttentionTests {
    private static let calls = [
        Windowed(input: [2, 8, 8, 96], heads: 1, window: 4, shift: 2),
        Windowed(input: [1, 14, 21, 192], heads: 2, window: 7, shift: 3),
        Windowed(input: [2, 5, 9, 60], heads: 4, window: Pair(2, 4), shift: Pair(0, 2)),
        Windowed(input: [1, 13, 10, 51], heads: 1, window: Pair(5, 7), shift: Pair(2, 3)),
        Windowed(input: [1, 3, 2, 24], heads: 2, window: 4, shift: 2, padded: false),
        Windowed(input: [3, 1, 1, 3], heads: 1, window: 1),
    ]

    @Test(arguments: calls.indices)
    func theFastKernelEqualsTheReference(index: Int) {
        let call = Self.calls[index]
        expectAgreement(operands(call.shapes), tolerance: 2e-5, "\(call)") {
            call($0)
        } _: {
            call($0)
        }
    }

    @Test(arguments: calls.indices)
    func itEqualsItsDefinition(index: Int) {
        let call = Self.calls[index]
        let inputs = operands(call.shapes)
        let result = call(inputs.map { Variable(cast($0, to: Double.self)) })[0].value
        #expect(relativeError(result, Tensor(result.shape, call.plain(inputs))) < 1e-12)
    }

    @Test(arguments: calls.indices)
    func resultsDoNotDependOnThreads(index: Int) {
        var call = Self.calls[index]
        call.input = [call.input[0] * 9, call.input[1], call.input[2], call.input[3]]
        expectSameOnAnyThreads(operands(call.shapes), "\(call)") { call($0) }
    }

    /// A map is extended by what the projections make of zeros, so by a map that has it there.
    @Test func whatLiesBeyondTheMapIsLikeAMapThatHasIt() throws {
        let small = Windowed(input: [1, 3, 4, 24], heads: 2, window: 4)
        let inputs = operands(small.shapes)
        let large = Tensor<Float>([1, 4, 4, 24], inputs[0].array + (0..<4).flatMap { _ in inputs[2].array })
        let result = small(inputs.map { Variable($0) })[0].value.array
        let whole = Windowed(input: [1, 4, 4, 24], heads: 2, window: 4, padded: false)
        #expect(whole([large, inputs[1]].map { Variable($0) })[0].value.array.prefix(result.count) == result[...])
    }

    /// With a table that prefers one neighbour alone, each pixel has its value.
    @Test func theTableIsReadByThePositionThatIsLookedFrom() {
        let table = Tensor<Float>([9, 1], (0..<9).map { $0 == 3 ? 200 : 0 })
        let values: [Float] = [1, 2, 3, 4]
        let map = Tensor<Float>([1, 2, 2, 3], values.flatMap { [0, 0, $0] })
        let result = Variable(map).windowAttention(table: Variable(table), heads: 1, window: 2).value.array
        // Row 3 is for dy = 0 and dx = -1: what the left pixel looks for at the right one.
        #expect(result == [2, 2.5, 4, 2.5])
    }
}
