// What losses of rows of logits share.

extension Tensor {
    /// The mean of per-row losses that `body` writes for chunks of rows, times `factor`; 0 without rows.
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
            out[0] *= S(factor) / S(max(1, rows))
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

/// Rows per chunk of a loss of pixels: whole blocks of 16, as its kernels take them, and 128 chunks at most, because each
/// has sums of its own.
private func pixelGrain(_ rows: Int, _ columns: Int) -> Int {
    (max(elementGrain / max(1, columns), (rows + 127) / 128) + 15) / 16 * 16
}

extension Tensor {
    /// `count` sums that `body` writes for each of fixed chunks of rows, added in the order of the chunks.
    func summedChunks(
        _ count: Int, _ body: (UnsafePointer<S>, Range<Int>, UnsafeMutablePointer<Double>) -> Void
    ) -> [Double] {
        let (rows, columns) = (shape.rows, shape.columns)
        let grain = pixelGrain(rows, columns)
        let chunks = chunkCount(rows, grain: grain)
        let partials = Storage<Double>(count: chunks * count)
        read { x in
            parallelFor(rows, grain: grain) {
                body(x + $0.lowerBound * columns, $0, partials.pointer + $0.lowerBound / grain * count)
            }
        }
        var sums = [Double](repeating: 0, count: count)
        for chunk in 0..<chunks { for i in 0..<count { sums[i] += partials.pointer[chunk * count + i] } }
        return sums
    }

    /// `width` elements for each row that `body` writes for chunks of rows; a shape of this one's with another last axis.
    func mapPixels(
        _ shape: Shape, _ body: (UnsafePointer<S>, Range<Int>, UnsafeMutablePointer<S>) -> Void
    ) -> Tensor {
        let (rows, columns) = (self.shape.rows, self.shape.columns)
        let width = shape.elementCount / max(1, rows)
        return Tensor(shape) { out in
            read { x in
                parallelFor(rows, grain: pixelGrain(rows, columns)) {
                    body(x + $0.lowerBound * columns, $0, out + $0.lowerBound * width)
                }
            }
        }
    }
}
