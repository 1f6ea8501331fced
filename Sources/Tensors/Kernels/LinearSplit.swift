extension Tensor {
    /// x W^T + b with its columns as separate tensors: x [.., in], W [sum of widths, in] -> [.., widths[i]] each.
    public func linear(_ weight: Tensor, _ bias: Tensor?, splitInto widths: [Int]) -> [Tensor] {
        let (inner, out) = (shape.columns, weight.shape[0])
        let storages = widths.map { Storage<S>(count: shape.rows * $0) }
        let parts = consecutiveRanges(widths)
        let operands = parts.map { ProductOperand(rowsOf: weight, $0) }
        read { x in
            // All parts of a chunk of rows in turn, so that x is read from memory once.
            parallelFor(shape.rows, grain: productChunkRows(shape.rows, columns: out, inner: inner)) { rows in
                for (i, operand) in operands.enumerated() {
                    operand.product(
                        rows.count, x + rows.lowerBound * inner, bias: bias.map { $0.start + parts[i].lowerBound },
                        into: storages[i].pointer + rows.lowerBound * widths[i])
                }
            }
        }
        withExtendedLifetime((weight, bias)) {}
        return zip(storages, widths).map {
            Tensor(storage: $0, offset: 0, shape: shape.replacing(axis: -1, with: $1))
        }
    }

    /// dx = the sum of g_i W_i over the parts that have a gradient, [.., in]; `shape` gives the leading axes.
    package static func linearSplitInputGradient(
        _ parts: [Tensor?], widths: [Int], _ weight: Tensor, like shape: Shape
    ) -> Tensor {
        let (out, inner) = (weight.shape[0], weight.shape[1])
        let operands = consecutiveRanges(widths).map { ProductOperand(weight, rows: $0) }
        defer { withExtendedLifetime(weight) {} }
        return Tensor(shape.replacing(axis: -1, with: inner)) { dx in
            // All parts of a chunk of rows in turn, so that the sums stay in the cache.
            parallelFor(shape.rows, grain: productChunkRows(shape.rows, columns: inner, inner: out)) { rows in
                var adds = false
                for (i, part) in parts.enumerated() {
                    part?.read { g in
                        operands[i].product(
                            rows.count, g + rows.lowerBound * widths[i], adding: adds,
                            into: dx + rows.lowerBound * inner)
                        adds = true
                    }
                }
            }
        }
    }

    /// dW = the products g_i^T x stacked, [sum of widths, in]; zeros for a part without a gradient.
    package static func linearSplitWeightGradient(_ parts: [Tensor?], widths: [Int], _ x: Tensor) -> Tensor {
        let (rows, inner) = (x.shape.rows, x.shape.columns)
        return Tensor([widths.reduce(0, +), inner]) { dw in
            var to = dw
            for (part, width) in zip(parts, widths) {
                if let part {
                    withElements(part, x) { g, x in reducingProduct(width, inner, rows, g, x, into: to) }
                } else {
                    clear(to, width * inner)
                }
                to += width * inner
            }
        }
    }

    /// The sums of the parts over rows beside each other, [sum of widths].
    package static func linearSplitBiasGradient(_ parts: [Tensor?], widths: [Int]) -> Tensor {
        concatenated(parts.map { $0?.summedRows() }, widths: widths, like: [1]).reshaped([widths.reduce(0, +)])
    }
}
