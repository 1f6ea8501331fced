import Autograd
import Foundation
import Layers
import Models
import Tasks
import Tensors
import Testing

/// Attention as shares, and what is made of them.
@Suite struct AttentionMapTests {
    private final class Seen: @unchecked Sendable { var views: [(path: String, view: AttentionView)] = [] }

    private func views(_ net: ExplanationTests.Net) -> [AttentionView] {
        let seen = Seen()
        var probe = LayerProbe()
        probe.attention = { seen.views.append(($0, $1)) }
        LayerProbe.$current.withValue(probe) { _ = net.model.features(Variable(net.image), .evaluation(net.store)) }
        return seen.views.map(\.view)
    }

    private func convolutional(token: Bool = true) throws -> ExplanationTests.Net {
        try ExplanationTests.Net(
            CvTSpecification(
                widths: [8, 12], heads: [1, 2], depths: [1, 2], embedKernels: [3, 3], embedStrides: [2, 2],
                classToken: token, classes: 3), size: 16)
    }

    private func windowed() throws -> ExplanationTests.Net {
        try ExplanationTests.Net(
            SwinSpecification(baseWidth: 8, depths: [2, 2], heads: [2, 2], stemStride: 2, window: 3, classes: 3),
            size: 14)
    }

    @Test func rowsOfSharesSumToOne() throws {
        for view in try views(convolutional()) + views(windowed()) {
            let shares = AttentionShares(view).shares
            let width =
                switch view {
                case .tokens(let view): view.keys.shape[2]
                case .windows(let view): view.windows.tokens
                }
            #expect(shares.allSatisfy { $0 >= 0 })
            for row in 0..<shares.count / width {
                let sum = shares[row * width..<(row + 1) * width].reduce(0, +)
                #expect(abs(sum - 1) < 1e-12)
            }
        }
    }

    @Test func sharesOfTokensAreThoseOfTheOperation() throws {
        for view in try views(convolutional()) {
            guard case .tokens(let tokens) = view else { throw RecipeError("no tokens") }
            let (heads, queries, keys) = (tokens.queries.shape[1], tokens.queries.shape[2], tokens.keys.shape[2])
            // Of values that are rows of the identity the operation makes the shares themselves.
            let identity = Tensor<Float>([1, heads, keys, keys]) { out in
                for i in 0..<heads * keys * keys { out[i] = i / keys % keys == i % keys ? 1 : 0 }
            }
            let made = Variable.attention(
                Variable(tokens.queries), Variable(tokens.keys), Variable(identity), scale: tokens.scale
            ).value.array
            for head in 0..<heads {
                let found = AttentionShares(view, heads: head..<head + 1).shares
                for i in 0..<queries * keys {
                    #expect(abs(found[i] - Double(made[head * queries * keys + i])) < 1e-5)
                }
            }
        }
    }

    @Test func sharesOfWindowsMakeTheOperationsResult() throws {
        var isShifted = false
        for view in try views(windowed()) {
            guard case .windows(let own) = view else { throw RecipeError("no windows") }
            let (windows, heads) = (own.windows, own.heads)
            if windows.shift != 0 { isShifted = true }
            let channels = own.operands.shape[3] / 3
            let made = Variable(own.operands).windowAttention(
                table: Variable(own.table), padding: own.padding.map { Variable($0) }, heads: heads,
                window: windows.size, shift: windows.shift
            ).value.array
            let (operands, padding) = (own.operands.array, own.padding?.array)
            for head in 0..<heads {
                let shares = AttentionShares(view, heads: head..<head + 1).shares
                for (row, place) in windows.places.enumerated() where place >= 0 {
                    for c in head * channels / heads..<(head + 1) * channels / heads {
                        var sum = 0.0
                        for s in 0..<windows.tokens {
                            let other = Int(windows.places[row / windows.tokens * windows.tokens + s])
                            let value =
                                other < 0
                                ? padding?[2 * channels + c] ?? 0 : operands[other * 3 * channels + 2 * channels + c]
                            sum += shares[row * windows.tokens + s] * Double(value)
                        }
                        #expect(abs(sum - Double(made[Int(place) * channels + c])) < 1e-4)
                    }
                }
            }
        }
        #expect(isShifted)
    }

    @Test func theClassTokensLastLookIsItsRow() throws {
        let net = try convolutional()
        let found = try AttentionReading(net.explainer, net.image).last()
        let last = try #require(views(net).last)
        let shares = AttentionShares(last).shares
        #expect(found.place == "stage1.blocks.1.attn")
        #expect(found.heat.values == Array(shares[1..<1 + found.heat.values.count]))
    }

    @Test func rolloutIsTheProductOfAllMatrices() throws {
        let net = try convolutional()
        let views = views(net)
        // The last stage has 4 x 4 tokens behind a class token, its keys 2 x 2; the first one 8 x 8 tokens, keys 4 x 4.
        func matrix(_ view: AttentionView, side: Int, token: Int) -> [[Double]] {
            let (count, keys) = (side * side + token, side * side / 4 + token)
            let shares = AttentionShares(view).shares
            return (0..<count).map { t in
                var row = [Double](repeating: 0, count: count)
                for s in 0..<keys {
                    let share = shares[t * keys + s] / 2
                    guard s >= token else {
                        row[0] += share
                        continue
                    }
                    let (y, x) = ((s - token) / (side / 2), (s - token) % (side / 2))
                    // A 3 x 3 kernel every two tokens, with a token of padding.
                    let under = (0..<side * side).filter {
                        abs($0 / side - 2 * y) <= 1 && abs($0 % side - 2 * x) <= 1
                    }
                    for place in under { row[place + token] += share / Double(under.count) }
                }
                row[t] += 0.5
                return row
            }
        }
        func times(_ row: [Double], _ matrix: [[Double]]) -> [Double] {
            (0..<matrix[0].count).map { c in zip(row, matrix).reduce(0) { $0 + $1.0 * $1.1[c] } }
        }
        var row = [1.0] + [Double](repeating: 0, count: 16)
        for view in [views[2], views[1]] { row = times(row, matrix(view, side: 4, token: 1)) }
        var finer = [Double](repeating: 0, count: 64)
        for (place, share) in row.dropFirst().enumerated() {
            let under = (0..<64).filter {
                abs($0 / 8 - 2 * (place / 4)) <= 1 && abs($0 % 8 - 2 * (place % 4)) <= 1
            }
            for other in under { finer[other] += share / Double(under.count) }
        }
        finer = times(finer, matrix(views[0], side: 8, token: 0))
        let total = finer.reduce(0, +)
        let found = try AttentionReading(net.explainer, net.image).rollout()
        #expect((found.heat.height, found.heat.width) == (8, 8))
        for (a, b) in zip(found.heat.values, finer) { #expect(abs(a - b / total) < 1e-9) }
    }

    @Test func rolloutOfWindowsKeepsWhatItHandsOn() throws {
        let net = try windowed()
        let found = try AttentionReading(net.explainer, net.image).rollout()
        #expect((found.heat.height, found.heat.width) == (7, 7))
        #expect(abs(found.heat.values.reduce(0, +) - 1) < 1e-9 && found.heat.values.allSatisfy { $0 > 0 })
        let last = try AttentionReading(net.explainer, net.image).last()
        #expect(last.place == "layers.1.blocks.1.attn")
    }
}
