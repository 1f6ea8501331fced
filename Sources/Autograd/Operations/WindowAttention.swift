import Tensors

extension Operation { package static let windowAttention = Operation("windowAttention") }

extension Variable {
    /// Attention within windows of h x w pixels with a learned bias for each relative position, Swin's (Liu et al., arXiv
    /// 2103.14030, Eq. 4): softmax(q k^T / sqrt(d) + B) v for each head of each window. self [N, H, W, 3 C] holds q, k and
    /// v beside each other, the heads beside each other within them; table [(2h - 1)(2w - 1), heads] -> [N, H, W, C].
    ///
    /// The map is extended below and to the right to whole windows; what lies there takes part as keys and values. It is
    /// moved up and left by the shift, and tokens of a window that were not neighbours before have 100 taken from their
    /// score.
    ///
    /// Gradient: with p the probabilities, which are computed again, and h = p (g v^T - sum(p g v^T)): h k / sqrt(d) for
    /// q, h^T q / sqrt(d) for k, p^T g for v, the sum of h over windows for each position of the table; for the padding
    /// the sum of those of k and v over what lies beyond the map.
    ///
    /// - Parameters:
    ///   - padding: q, k and v of what lies beyond the map, [3 C]; zeros when absent.
    ///   - shift: less than the window.
    public func windowAttention(
        table: Variable, padding: Variable? = nil, heads: Int, window: Pair, shift: Pair = 0
    ) -> Variable {
        let name = Operation.windowAttention.name
        let shapes = [shape, table.shape] + (padding.map { [$0.shape] } ?? [])
        require(
            shape.rank == 4 && shape[1] > 0 && shape[2] > 0 && heads >= 1 && shape[3] > 0
                && shape[3] % (3 * heads) == 0,
            name, shapes, "the input must be [images, height, width, 3 C] and its C divisible among \(heads) heads")
        require(
            window.height >= 1 && window.width >= 1 && (0..<window.height).contains(shift.height)
                && (0..<window.width).contains(shift.width),
            name, shapes, "the window \(window) must have pixels and be larger than the shift \(shift)")
        let windows = AttentionWindows(map: Pair(shape[1], shape[2]), size: window, shift: shift)
        require(
            table.shape == [windows.positions, heads], name, shapes,
            "the table must be [\(windows.positions), \(heads)], a row for each relative position in \(window) pixels")
        require(
            padding == nil || padding?.shape == [shape[3]], name, shapes, "the padding must be [\(shape[3])]")
        let (x, b, z) = (value, table.value, padding?.value)
        let scale = 1 / Double(shape[3] / (3 * heads)).squareRoot()
        return Self.record(
            .windowAttention, [self, table] + (padding.map { [$0] } ?? []),
            x.windowAttention(b, padding: z, heads: heads, windows, scale: scale)
        ) { g, needs in
            let gradients = x.windowAttentionGradients(
                of: g, b, padding: z, heads: heads, windows, scale: scale)
            return [gradients.qkv, gradients.table, gradients.padding].prefix(needs.count).map { $0 }
        }
    }
}

extension GradientCheck {
    static let windowAttention: [GradientCheck] = [
        windows("", [2, 4, 6, 12], heads: 2, Pair(2, 3)),
        windows("/shifted", [1, 6, 6, 6], heads: 1, 3, shift: 1, padded: false),
        windows("/shifted, padded", [2, 5, 7, 12], heads: 2, Pair(4, 3), shift: Pair(2, 1)),
        windows("/shifted along one axis", [1, 3, 7, 6], heads: 2, 4, shift: Pair(0, 2)),
        windows("/padded with zeros", [1, 3, 2, 9], heads: 3, 2, padded: false),
        windows("/shifted in a single window", [1, 2, 3, 6], heads: 1, 4, shift: 2),
        windows("/size 1", [1, 1, 1, 3], heads: 1, 1),
    ]

    private static func windows(
        _ name: String, _ input: Shape, heads: Int, _ size: Pair, shift: Pair = 0, padded: Bool = true
    ) -> GradientCheck {
        let positions = (2 * size.height - 1) * (2 * size.width - 1)
        return GradientCheck(
            "windowAttention" + name, [input, [positions, heads]] + (padded ? [[input[3]]] : [])
        ) {
            [
                $0[0].windowAttention(
                    table: $0[1], padding: padded ? $0[2] : nil, heads: heads, window: size, shift: shift)
            ]
        }
    }
}
