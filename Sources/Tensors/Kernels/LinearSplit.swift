extension Tensor {
    /// x W^T + b with its columns as separate tensors: x [.., in], W [sum of widths, in] -> [.., widths[i]] each.
    public func linear(_ weight: Tensor, _ bias: Tensor?, splitInto widths: [Int]) -> [Tensor] {
        let (rows, inner) = (shape.rows, shape.columns)
        var first = 0
        return widths.map { width in
            defer { first += width }
            return Tensor(shape.replacing(axis: -1, with: width)) { y in
                withElements(self, weight, bias ?? weight) { x, w, b in
                    let (w, b, addBias) = (w + first * inner, b + first, bias != nil)
                    matrixProduct(rows, width, inner, x, w, transposingB: true, into: y) { range in
                        if addBias { S.addRow(b, y + range.lowerBound * width, range.count, width) }
                    }
                }
            }
        }
    }

    /// dx = the sum of g_i W_i over the parts that have a gradient, [.., in]; `shape` gives the leading axes.
    public static func linearSplitInputGradient(
        _ parts: [Tensor?], widths: [Int], _ weight: Tensor, like shape: Shape
    ) -> Tensor {
        let (out, inner) = (weight.shape[0], weight.shape[1])
        return Tensor(shape.replacing(axis: -1, with: inner)) { dx in
            weight.read { w in
                // All parts of a chunk of rows in turn, so that the sums stay in the cache.
                parallelFor(shape.rows, grain: productChunkRows(columns: inner, inner: out)) { rows in
                    var beta: S = 0
                    var first = 0
                    for (part, width) in zip(parts, widths) {
                        part?.read { g in
                            S.product(
                                rows.count, inner, width, g + rows.lowerBound * width, width, transposed: false,
                                w + first * inner, inner, transposed: false, beta: beta, dx + rows.lowerBound * inner,
                                inner)
                            beta = 1
                        }
                        first += width
                    }
                }
            }
        }
    }

    /// dW = the products g_i^T x stacked, [sum of widths, in]; zeros for a part without a gradient.
    public static func linearSplitWeightGradient(_ parts: [Tensor?], widths: [Int], _ x: Tensor) -> Tensor {
        let (rows, inner) = (x.shape.rows, x.shape.columns)
        return Tensor([widths.reduce(0, +), inner]) { dw in
            var to = dw
            for (part, width) in zip(parts, widths) {
                if let part {
                    withElements(part, x) { g, x in reducingProduct(width, inner, rows, g, x, into: to) }
                } else {
                    to.initialize(repeating: 0, count: width * inner)
                }
                to += width * inner
            }
        }
    }

    /// The sums of the parts over rows beside each other, [sum of widths].
    public static func linearSplitBiasGradient(_ parts: [Tensor?], widths: [Int]) -> Tensor {
        concatenated(parts.map { $0?.summedRows() }, widths: widths, like: [1]).reshaped([widths.reduce(0, +)])
    }
}
