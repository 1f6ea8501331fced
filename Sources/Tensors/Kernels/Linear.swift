extension Tensor {
    /// y = x W^T + b over rows: x [.., in], W [out, in], b [out] -> [.., out].
    public func linear(_ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let operand = ProductOperand(rowsOf: weight)
        defer { withExtendedLifetime((weight, bias)) {} }
        return Tensor(shape.replacing(axis: -1, with: weight.shape[0])) { y in
            read { x in operand.parallelProduct(shape.rows, x, bias: bias?.start, into: y) }
        }
    }

    /// For self = g [.., out]: dx = g W, [.., in].
    package func linearInputGradient(_ weight: Tensor) -> Tensor {
        let operand = ProductOperand(weight)
        defer { withExtendedLifetime(weight) {} }
        return Tensor(shape.replacing(axis: -1, with: weight.shape[1])) { dx in
            read { g in operand.parallelProduct(shape.rows, g, into: dx) }
        }
    }

    /// For self = g [.., out] and x [.., in]: dW = g^T x, [out, in].
    package func linearWeightGradient(_ x: Tensor) -> Tensor {
        let (rows, out, inner) = (shape.rows, shape.columns, x.shape.columns)
        return Tensor([out, inner]) { dw in
            withElements(self, x) { g, x in reducingProduct(out, inner, rows, g, x, into: dw) }
        }
    }
}
