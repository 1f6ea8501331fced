import Tensors

extension Operation { package static let transpose = Operation("transpose") }

extension Variable {
    /// The axes in another order: axis i of the result is axis `axes[i]` of x; copies. Gradient: g with its axes put
    /// back.
    public func transposed(_ axes: [Int]) -> Variable {
        let output = value.transposed(axes)
        let back = axes.indices.sorted { axes[$0] < axes[$1] }
        return Self.record(.transpose, [self], output) { g, _ in [g.transposed(back)] }
    }
}

extension GradientCheck {
    static let transpose: [GradientCheck] = [
        GradientCheck("transpose/heads", [[2, 3, 4, 5]]) { [$0[0].transposed([0, 2, 1, 3])] },
        GradientCheck("transpose/matrix", [[3, 7]]) { [$0[0].transposed([1, 0])] },
        GradientCheck("transpose/cycle", [[2, 3, 4, 1]]) { [$0[0].transposed([3, 1, 2, 0])] },
        GradientCheck("transpose/rank 5", [[2, 3, 1, 2, 4]]) { [$0[0].transposed([4, 0, 3, 2, 1])] },
    ]
}
