// What losses of rows of logits share.

extension Tensor {
    /// The mean of per-row losses that `body` writes for chunks of rows, times `factor`.
    func meanOfRows(
        factor: Double = 1, _ body: (UnsafePointer<S>, Range<Int>, UnsafeMutablePointer<S>) -> Void
    ) -> Tensor {
        let (rows, columns) = (shape.rows, shape.columns)
        let losses = Storage<S>(count: rows)
        read { x in
            parallelFor(rows, grain: exponentialGrain(columns)) {
                body(x + $0.lowerBound * columns, $0, losses.pointer + $0.lowerBound)
            }
        }
        return Tensor([]) { out in
            S.sumColumns(losses.pointer, out, 1, rows)
            out[0] *= S(factor) / S(rows)
        }
    }

    /// A tensor of this one's shape that `body` writes for chunks of rows.
    func mapRows(_ body: (UnsafePointer<S>, Range<Int>, UnsafeMutablePointer<S>) -> Void) -> Tensor {
        let columns = shape.columns
        return Tensor(shape) { out in
            read { x in
                parallelFor(shape.rows, grain: exponentialGrain(columns)) {
                    body(x + $0.lowerBound * columns, $0, out + $0.lowerBound * columns)
                }
            }
        }
    }
}
