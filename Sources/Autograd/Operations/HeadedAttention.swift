import Tensors

extension Operation { package static let headedAttention = Operation("headedAttention") }

extension Variable {
    /// softmax(scale q k^T) v for each of some heads, which lie beside each other in the channels: q [B, T, C], k and v
    /// [B, S, C] -> [B, T, C]. Nothing but the operands is kept. Vaswani et al., arXiv 1706.03762.
    ///
    /// Gradient: that of `attention`, the probabilities being computed again; keys that are values too have both.
    ///
    /// - Parameters:
    ///   - v: the keys when absent.
    ///   - scale: 1 / sqrt(C / heads) by default.
    public static func attention(
        _ q: Variable, _ k: Variable, _ v: Variable? = nil, heads: Int, scale: Double? = nil
    ) -> Variable {
        let operands = [q, k] + (v.map { [$0] } ?? [])
        let shapes = operands.map(\.shape)
        require(
            shapes.allSatisfy { $0.rank == 3 && $0[0] == q.shape[0] && $0[2] == q.shape[2] } && heads >= 1
                && q.shape[2] > 0 && q.shape[2] % heads == 0 && k.shape[1] > 0
                && shapes.dropFirst(2).allSatisfy { $0 == k.shape },
            Operation.headedAttention.name, shapes,
            "queries [B, T, C], keys [B, S, C] and values [B, S, C] must agree and C be divisible among \(heads) heads")
        let (x, y, z) = (q.value, k.value, v?.value)
        let scale = scale ?? 1 / Double(q.shape[2] / heads).squareRoot()
        return Self.record(.headedAttention, operands, x.headedAttention(y, z, heads: heads, scale: scale)) { g, _ in
            g.headedAttentionGradients(x, y, z, heads: heads, scale: scale)
        }
    }
}

extension GradientCheck {
    static let headedAttention: [GradientCheck] = [
        GradientCheck("headedAttention", [[2, 4, 6], [2, 5, 6], [2, 5, 6]]) {
            [.attention($0[0], $0[1], $0[2], heads: 3)]
        },
        GradientCheck("headedAttention/keys are values", [[2, 3, 4], [2, 5, 4]]) {
            [.attention($0[0], $0[1], heads: 2, scale: 0.7)]
        },
        GradientCheck("headedAttention/itself", [[1, 4, 6]]) { [.attention($0[0], $0[0], heads: 1)] },
        GradientCheck("headedAttention/size 1", [[1, 1, 1], [1, 1, 1], [1, 1, 1]]) {
            [.attention($0[0], $0[1], $0[2], heads: 1)]
        },
    ]
}
