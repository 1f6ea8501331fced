import Tensors

extension Operation { package static let rows = Operation("rows") }

extension Variable {
    /// The rows of x = self [R, ..] at some indices, in their order: [indices.count, ..]. An index may come several times,
    /// and there may be none.
    ///
    /// Gradient: each row of g added to the row that it came from, one after the other.
    public func rows(_ indices: [Int32]) -> Variable {
        let name = Operation.rows.name
        require(shape.rank >= 1, name, [shape], "a scalar has no rows")
        if let wrong = indices.first(where: { $0 < 0 || Int($0) >= shape[0] }) {
            brokenRule(name, [shape], "the index \(wrong) must lie in 0..<\(shape[0])")
        }
        let input = shape
        return Self.record(.rows, [self], value.gatheredRows(indices)) { g, _ in
            [g.scatteredRows(indices, input: input)]
        }
    }
}

extension GradientCheck {
    static let rows: [GradientCheck] = [
        GradientCheck("rows", [[4, 3]]) { [$0[0].rows([2, 0, 2])] },
        GradientCheck("rows/rank 4", [[3, 2, 1, 2]]) { [$0[0].rows([1, 1, 1, 0])] },
        GradientCheck("rows/single elements", [[5]]) { [$0[0].rows([4, 1, 4])] },
        GradientCheck("rows/none", [[2, 3]]) { [$0[0].rows([]).sum(), $0[0].sum()] },
    ]
}
