extension Tensor {
    /// For self = x [N, H, W, C] and weights [windows, s s]: each pixel times its weight.
    package func windowWeighted(by weights: Tensor, _ size: Int) -> Tensor {
        let columns = shape.columns
        let order = PixelOrder.windows(Pair(size), height: shape[1], width: shape[2])
        let factors = weights.reordered(order.inverse, channels: 1, [shape.rows])
        return Tensor(shape) { y in
            withElements(self, factors) { x, factors in
                parallelFor(shape.rows, grain: max(1, elementGrain / columns)) { rows in
                    let first = rows.lowerBound * columns
                    S.combine(
                        .multiply, x + first, columns, 1, factors + rows.lowerBound, 1, 0, y + first, rows.count,
                        columns)
                }
            }
        }
    }

    /// For self = g: the sum over the channels of g x for each pixel, as [windows, s s].
    package func windowWeightGradient(_ x: Tensor, _ size: Int) -> Tensor {
        let columns = shape.columns
        let sums = Tensor([shape.rows]) { sums in
            withElements(self, x) { g, x in
                parallelFor(shape.rows, grain: max(1, elementGrain / columns)) { rows in
                    for row in rows {
                        sums[row] = S.sumOfProduct(g + row * columns, x + row * columns, columns)
                    }
                }
            }
        }
        let order = PixelOrder.windows(Pair(size), height: shape[1], width: shape[2])
        return sums.reordered(order, channels: 1, [shape.rows / (size * size), size * size])
    }
}
