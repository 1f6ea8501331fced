import Tensors

extension Operation { package static let attention = Operation("attention") }

extension Variable {
    /// softmax(scale q k^T) v per head: q [B, heads, T, d], k [B, heads, S, d], v [B, heads, S, dv] -> [B, heads, T,
    /// dv]. Self-attention when all come from one sequence, cross-attention otherwise. Vaswani et al., arXiv 1706.03762.
    ///
    /// Gradient: with p the probabilities (kept) and h = p (g v^T - sum(p g v^T)) scale, h k for q, h^T q for k and
    /// p^T g for v.
    ///
    /// - Parameter scale: 1 / sqrt(d) by default.
    public static func attention(_ q: Variable, _ k: Variable, _ v: Variable, scale: Double? = nil) -> Variable {
        let shapes = [q.shape, k.shape, v.shape]
        require(
            shapes.allSatisfy { $0.rank == 4 && $0[0] == q.shape[0] && $0[1] == q.shape[1] }
                && k.shape[3] == q.shape[3] && k.shape[2] == v.shape[2] && k.shape[2] > 0, "attention", shapes,
            "queries [B, heads, T, d], keys [B, heads, S, d] and values [B, heads, S, dv] must agree")
        let (x, y, z) = (q.value, k.value, v.value)
        let scale = scale ?? 1 / Double(max(1, q.shape[3])).squareRoot()
        let result = x.attention(
            y, z, scale: scale, keepingProbabilities: q.isTracked || k.isTracked || v.isTracked)
        return Self.record(.attention, [q, k, v], result.output) { g, needs in
            guard let gradients = result.probabilities?.attentionGradient(g, x, y, z, scale: scale) else {
                return needs.map { _ in nil }
            }
            return [gradients.q, gradients.k, gradients.v]
        }
    }
}

extension GradientCheck {
    static let attention: [GradientCheck] = [
        GradientCheck("attention", [[2, 1, 4, 3], [2, 1, 4, 3], [2, 1, 4, 3]]) {
            [.attention($0[0], $0[1], $0[2])]
        },
        GradientCheck("attention/cross, other widths", [[1, 2, 3, 4], [1, 2, 5, 4], [1, 2, 5, 2]]) {
            [.attention($0[0], $0[1], $0[2], scale: 0.7)]
        },
        GradientCheck("attention/itself", [[1, 2, 3, 2]]) { [.attention($0[0], $0[0], $0[0])] },
        GradientCheck("attention/size 1", [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]) {
            [.attention($0[0], $0[1], $0[2])]
        },
    ]
}
