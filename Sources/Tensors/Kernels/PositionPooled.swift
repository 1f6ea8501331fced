import CKernels

/// What `Kernels/PositionPooled.swift` asks of an element type.
public protocol PositionPooledKernels {
    /// sums[c] += the sum over rows r of w[r] x[r, c].
    static func addWeightedRows(
        _ x: UnsafePointer<Self>, _ w: UnsafePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: PositionPooledKernels {
    public static func addWeightedRows(
        _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int,
        _ columns: Int
    ) { hb_add_weighted_rows(x, w, sums, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: PositionPooledKernels {
    public static func addWeightedRows(
        _ x: UnsafePointer<Double>, _ w: UnsafePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int,
        _ columns: Int
    ) { for r in 0..<rows { for c in 0..<columns { sums[c] += w[r] * x[r * columns + c] } } }
}

extension Tensor {
    /// For self = x [N, .., C] and weights [N, P] of an image's positions: their weighted sum, [N, C].
    package func positionPooled(_ weights: Tensor) -> Tensor {
        let (images, columns) = (shape[0], shape.columns)
        let blocks = MapBlocks(positions: weights.shape.columns, channels: columns, most: 16)
        let count = images * blocks.perImage
        let partials = Storage<S>(count: count * columns)
        withElements(self, weights) { x, w in
            parallelFor(count, grain: 1) { range in
                for block in range {
                    let rows = blocks[block].rows
                    let sums = partials.pointer + block * columns
                    sums.update(repeating: 0, count: columns)
                    S.addWeightedRows(x + rows.lowerBound * columns, w + rows.lowerBound, sums, rows.count, columns)
                }
            }
        }
        return Tensor([images, columns]) { out in
            for image in 0..<images {
                S.sumRows(
                    partials.pointer + image * blocks.perImage * columns, stride: columns, out + image * columns,
                    blocks.perImage, columns)
            }
        }
    }

    /// For self = g [N, C]: the gradient of x, the weight of each position times its image's row of g, in x's shape.
    package func positionPooledGradient(weights: Tensor, input: Shape) -> Tensor {
        let columns = shape.columns
        let blocks = MapBlocks(positions: weights.shape.columns, channels: columns)
        return Tensor(input) { dx in
            withElements(self, weights) { g, w in
                parallelFor(shape[0] * blocks.perImage, grain: 1) { range in
                    for block in range {
                        let (image, rows) = blocks[block]
                        S.combine(
                            .multiply, w + rows.lowerBound, 1, 0, g + image * columns, 0, 1,
                            dx + rows.lowerBound * columns, rows.count, columns)
                    }
                }
            }
        }
    }

    /// For self = g [N, C]: the gradient of the weights, for each position the product of x with its image's row of g.
    package func positionWeightGradient(_ x: Tensor, weights: Shape) -> Tensor {
        let columns = shape.columns
        let blocks = MapBlocks(positions: weights.columns, channels: columns)
        return Tensor(weights) { dw in
            withElements(self, x) { g, x in
                parallelFor(shape[0] * blocks.perImage, grain: 1) { range in
                    for block in range {
                        let (image, rows) = blocks[block]
                        for row in rows {
                            dw[row] = S.sumOfProduct(x + row * columns, g + image * columns, columns)
                        }
                    }
                }
            }
        }
    }
}
