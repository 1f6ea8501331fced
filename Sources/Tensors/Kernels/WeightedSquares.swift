import CKernels

/// What `Kernels/WeightedSquares.swift` asks of an element type.
public protocol WeightedSquaresKernels {
    /// The sum over rows r and columns c of w[r] v[c] (x - t)^2.
    static func weightedSquares(
        _ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ w: UnsafePointer<Self>, _ v: UnsafePointer<Self>,
        _ rows: Int, _ columns: Int
    ) -> Double
    /// dx = 2 scale w[r] v[c] (x - t).
    static func weightedSquaresGradient(
        _ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ w: UnsafePointer<Self>, _ v: UnsafePointer<Self>,
        scale: Self, _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: WeightedSquaresKernels {
    public static func weightedSquares(
        _ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ v: UnsafePointer<Float>,
        _ rows: Int, _ columns: Int
    ) -> Double { hb_weighted_squares(x, t, w, v, rows, columns) }

    public static func weightedSquaresGradient(
        _ x: UnsafePointer<Float>, _ t: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ v: UnsafePointer<Float>,
        scale: Float, _ dx: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_weighted_squares_gradient(x, t, w, v, scale, dx, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: WeightedSquaresKernels {
    public static func weightedSquares(
        _ x: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ w: UnsafePointer<Double>,
        _ v: UnsafePointer<Double>, _ rows: Int, _ columns: Int
    ) -> Double {
        var sum = 0.0
        for r in 0..<rows {
            for c in 0..<columns {
                let difference = x[r * columns + c] - t[r * columns + c]
                sum += w[r] * v[c] * difference * difference
            }
        }
        return sum
    }

    public static func weightedSquaresGradient(
        _ x: UnsafePointer<Double>, _ t: UnsafePointer<Double>, _ w: UnsafePointer<Double>,
        _ v: UnsafePointer<Double>, scale: Double, _ dx: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            for c in 0..<columns {
                let i = r * columns + c
                dx[i] = 2 * scale * w[r] * v[c] * (x[i] - t[i])
            }
        }
    }
}

/// The positions of a batch of maps in blocks that no two images share: a function of the sizes alone.
struct MapBlocks {
    /// Positions of an image.
    let positions: Int
    private let grain: Int
    /// How many blocks an image has.
    let perImage: Int

    /// - Parameter most: blocks of an image at most.
    init(positions: Int, channels: Int, most: Int = .max) {
        self.positions = positions
        grain = max(1, max(elementGrain / max(1, channels), positions / max(1, most)))
        perImage = chunkCount(positions, grain: grain)
    }

    /// The image of a block and its positions, counted over all images.
    subscript(_ block: Int) -> (image: Int, rows: Range<Int>) {
        let image = block / perImage
        let first = block % perImage * grain
        return (image, image * positions + first..<image * positions + min(first + grain, positions))
    }
}

extension Tensor {
    /// For self = x and targets [N, .., C], weights [N, P] of P positions and [N, C] of channels: the sum of the products
    /// of both weights and (x - target)^2.
    package func weightedSquares(_ target: Tensor, positions: Tensor, channels: Tensor) -> Tensor {
        let columns = shape.columns
        let blocks = MapBlocks(positions: positions.shape.columns, channels: columns)
        let count = shape[0] * blocks.perImage
        let sums = Storage<Double>(count: max(1, count))
        withElements(self, target, positions, channels) { x, t, w, v in
            parallelFor(count, grain: 1) { range in
                for block in range {
                    let (image, rows) = blocks[block]
                    sums.pointer[block] = S.weightedSquares(
                        x + rows.lowerBound * columns, t + rows.lowerBound * columns, w + rows.lowerBound,
                        v + image * columns, rows.count, columns)
                }
            }
        }
        var total = 0.0
        for block in 0..<count { total += sums.pointer[block] }
        return Tensor(S(total))
    }

    /// The gradient of the same, times `scale`.
    package func weightedSquaresGradient(
        _ target: Tensor, positions: Tensor, channels: Tensor, scale: S
    ) -> Tensor {
        let columns = shape.columns
        let blocks = MapBlocks(positions: positions.shape.columns, channels: columns)
        return Tensor(shape) { dx in
            withElements(self, target, positions, channels) { x, t, w, v in
                parallelFor(shape[0] * blocks.perImage, grain: 1) { range in
                    for block in range {
                        let (image, rows) = blocks[block]
                        let first = rows.lowerBound * columns
                        S.weightedSquaresGradient(
                            x + first, t + first, w + rows.lowerBound, v + image * columns, scale: scale, dx + first,
                            rows.count, columns)
                    }
                }
            }
        }
    }
}
