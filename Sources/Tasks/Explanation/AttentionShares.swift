import Foundation
import Layers
import Tensors

/// How an attention shares out its looks at one image: softmax(scale q k^T + bias), the mean over its heads.
package struct AttentionShares: Sendable {
    /// What it compared.
    package let view: AttentionView
    /// Of each query its share of each key, [queries, keys] for tokens, [windows, tokens, tokens] for windows; each row sums
    /// to 1.
    package let shares: [Double]

    /// - Parameter heads: those that count; all when absent.
    package init(_ view: AttentionView, heads chosen: Range<Int>? = nil) {
        self.view = view
        switch view {
        case .tokens(let view): shares = Self.shares(view, chosen)
        case .windows(let view): shares = Self.shares(view, chosen)
        }
    }

    private static func shares(_ view: TokenAttention, _ chosen: Range<Int>?) -> [Double] {
        let (heads, queries, width) = (view.queries.shape[1], view.queries.shape[2], view.queries.shape[3])
        let keys = view.keys.shape[2]
        let chosen = chosen ?? 0..<heads
        return rows(queries, of: keys) { t, sum in
            withElements(view.queries, view.keys) { q, k in
                for head in chosen {
                    let own = q + (head * queries + t) * width
                    softmax(keys, into: sum, share: 1 / Double(chosen.count)) { s in
                        let key = k + (head * keys + s) * width
                        return view.scale * (0..<width).reduce(0) { $0 + Double(own[$1]) * Double(key[$1]) }
                    }
                }
            }
        }
    }

    private static func shares(_ view: WindowedAttention, _ chosen: Range<Int>?) -> [Double] {
        let (windows, tokens, channels) = (view.windows, view.windows.tokens, view.operands.shape[3] / 3)
        let width = channels / view.heads
        let chosen = chosen ?? 0..<view.heads
        let (places, kinds) = (windows.places, windows.kinds)
        let padding = view.padding ?? .zeros([3 * channels])
        return rows(windows.count * tokens, of: tokens) { row, sum in
            let (window, t) = (row / tokens, row % tokens)
            withElements(view.operands, padding, view.table) { operands, padding, table in
                func operand(_ token: Int, _ part: Int, _ head: Int) -> UnsafePointer<Float> {
                    let place = Int(places[window * tokens + token])
                    return (place < 0 ? padding : operands + place * 3 * channels) + part * channels + head * width
                }
                for head in chosen {
                    let own = operand(t, 0, head)
                    softmax(tokens, into: sum, share: 1 / Double(chosen.count)) { s in
                        let key = operand(s, 1, head)
                        let product = (0..<width).reduce(0) { $0 + Double(own[$1]) * Double(key[$1]) }
                        return product / Double(width).squareRoot()
                            + Double(table[windows.position(t, s) * view.heads + head])
                            + windows.mask(Int(kinds[window]), t, s)
                    }
                }
            }
        }
    }

    /// Rows that are computed on all threads, each of its own.
    private static func rows(
        _ count: Int, of width: Int, _ body: @escaping (Int, UnsafeMutablePointer<Double>) -> Void
    ) -> [Double] {
        let result = Tensor<Double>([count, width], repeating: 0)
        let start = result.storage.pointer + result.offset
        withExtendedLifetime(result) {
            parallelFor(count, grain: 16) { for row in $0 { body(row, start + row * width) } }
        }
        return result.array
    }

    private static func softmax(
        _ count: Int, into sum: UnsafeMutablePointer<Double>, share: Double, _ score: (Int) -> Double
    ) {
        let scores = (0..<count).map(score)
        let largest = scores.max() ?? 0
        let weights = scores.map { exp($0 - largest) }
        let total = weights.reduce(0, +)
        for (index, weight) in weights.enumerated() { sum[index] += share * weight / total }
    }
}
