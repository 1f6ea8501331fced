extension Tensor {
    /// x W^T + b with its columns as separate tensors: x [.., in], W [sum of widths, in] -> [.., widths[i]] each.
    public func linear(_ weight: Tensor, _ bias: Tensor?, splitInto widths: [Int]) -> [Tensor] {
        let (inner, out) = (shape.columns, weight.shape[0])
        let storages = widths.map { Storage<S>(count: shape.rows * $0) }
        withElements(self, weight, bias ?? weight) { x, w, b in
            // All parts of a chunk of rows in turn, so that x is read from memory once.
            parallelFor(shape.rows, grain: productChunkRows(columns: out, inner: inner)) { rows in
                var first = 0
                for (storage, width) in zip(storages, widths) {
                    let y = storage.pointer + rows.lowerBound * width
                    S.product(
                        rows.count, width, inner, x + rows.lowerBound * inner, inner, transposed: false,
                        w + first * inner, inner, transposed: true, beta: 0, y, width)
                    if bias != nil { S.addRow(b + first, y, rows.count, width) }
                    first += width
                }
            }
        }
        return zip(storages, widths).map {
            Tensor(storage: $0, offset: 0, shape: shape.replacing(axis: -1, with: $1))
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
                    clear(to, width * inner)
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
