import CKernels

/// What `Kernels/MomentBoxes.swift` asks of an element type.
public protocol PointBoxKernels {
    /// Boxes by the mean and e^transfer times the deviation of `count` points [y, x].
    static func momentBoxes(
        _ points: UnsafePointer<Self>, _ transfer: UnsafePointer<Self>, _ boxes: UnsafeMutablePointer<Self>,
        _ rows: Int, _ count: Int)
    /// The gradient of the points, and the sums over rows of those of the transfer.
    static func momentBoxesGradient(
        _ points: UnsafePointer<Self>, _ transfer: UnsafePointer<Self>, _ g: UnsafePointer<Self>,
        _ dPoints: UnsafeMutablePointer<Self>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ count: Int)
    /// Boxes by the extremes of the first `used` points.
    static func extremeBoxes(
        _ points: UnsafePointer<Self>, _ boxes: UnsafeMutablePointer<Self>, _ rows: Int, _ count: Int, used: Int)
    /// The gradient of the points.
    static func extremeBoxesGradient(
        _ points: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ dPoints: UnsafeMutablePointer<Self>, _ rows: Int,
        _ count: Int, used: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: PointBoxKernels {
    public static func momentBoxes(
        _ points: UnsafePointer<Float>, _ transfer: UnsafePointer<Float>, _ boxes: UnsafeMutablePointer<Float>,
        _ rows: Int, _ count: Int
    ) { hb_moment_boxes(points, transfer, boxes, rows, count) }

    public static func momentBoxesGradient(
        _ points: UnsafePointer<Float>, _ transfer: UnsafePointer<Float>, _ g: UnsafePointer<Float>,
        _ dPoints: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ count: Int
    ) { hb_moment_boxes_gradient(points, transfer, g, dPoints, sums, rows, count) }

    public static func extremeBoxes(
        _ points: UnsafePointer<Float>, _ boxes: UnsafeMutablePointer<Float>, _ rows: Int, _ count: Int, used: Int
    ) { hb_extreme_boxes(points, boxes, rows, count, used) }

    public static func extremeBoxesGradient(
        _ points: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ dPoints: UnsafeMutablePointer<Float>,
        _ rows: Int, _ count: Int, used: Int
    ) { hb_extreme_boxes_gradient(points, g, dPoints, rows, count, used) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: PointBoxKernels {
    public static func momentBoxes(
        _ points: UnsafePointer<Double>, _ transfer: UnsafePointer<Double>, _ boxes: UnsafeMutablePointer<Double>,
        _ rows: Int, _ count: Int
    ) { hb_moment_boxes_double(points, transfer, boxes, rows, count) }

    public static func momentBoxesGradient(
        _ points: UnsafePointer<Double>, _ transfer: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
        _ dPoints: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ count: Int
    ) { hb_moment_boxes_gradient_double(points, transfer, g, dPoints, sums, rows, count) }

    public static func extremeBoxes(
        _ points: UnsafePointer<Double>, _ boxes: UnsafeMutablePointer<Double>, _ rows: Int, _ count: Int, used: Int
    ) { hb_extreme_boxes_double(points, boxes, rows, count, used) }

    public static func extremeBoxesGradient(
        _ points: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ dPoints: UnsafeMutablePointer<Double>,
        _ rows: Int, _ count: Int, used: Int
    ) { hb_extreme_boxes_gradient_double(points, g, dPoints, rows, count, used) }
}

extension Tensor {
    /// For self = points [R, 2 n] as y, x: boxes [R, 4] by moments.
    package func momentBoxes(_ transfer: Tensor) -> Tensor {
        let width = shape[1]
        return Tensor([shape[0], 4]) { boxes in
            withElements(self, transfer) { points, transfer in
                parallelFor(shape[0], grain: boxGrain) {
                    let r = $0.lowerBound
                    S.momentBoxes(points + width * r, transfer, boxes + 4 * r, $0.count, width / 2)
                }
            }
        }
    }

    /// For self = points: their gradient, and that of the transfer times `factor`.
    package func momentBoxesGradient(_ g: Tensor, _ transfer: Tensor, factor: Double) -> (points: Tensor, Tensor) {
        let (rows, width) = (shape[0], shape[1])
        let chunks = chunkCount(rows, grain: boxGrain)
        let partials = Storage<Double>(count: 2 * chunks)
        let points = Tensor(shape) { dPoints in
            withElements(self, transfer, g) { points, transfer, g in
                parallelFor(rows, grain: boxGrain) {
                    let r = $0.lowerBound
                    S.momentBoxesGradient(
                        points + width * r, transfer, g + 4 * r, dPoints + width * r,
                        partials.pointer + 2 * (r / boxGrain), $0.count, width / 2)
                }
            }
        }
        var sums = (0.0, 0.0)
        for chunk in 0..<chunks {
            sums.0 += partials.pointer[2 * chunk]
            sums.1 += partials.pointer[2 * chunk + 1]
        }
        return (points, Tensor([2], [S(factor * sums.0), S(factor * sums.1)]))
    }

    /// For self = points [R, 2 n] as y, x: boxes [R, 4] by the extremes of the first `used` points.
    package func extremeBoxes(used: Int) -> Tensor {
        let width = shape[1]
        return Tensor([shape[0], 4]) { boxes in
            read { points in
                parallelFor(shape[0], grain: boxGrain) {
                    let r = $0.lowerBound
                    S.extremeBoxes(points + width * r, boxes + 4 * r, $0.count, width / 2, used: used)
                }
            }
        }
    }

    /// For self = points: their gradient.
    package func extremeBoxesGradient(_ g: Tensor, used: Int) -> Tensor {
        let width = shape[1]
        return Tensor(shape) { dPoints in
            withElements(self, g) { points, g in
                parallelFor(shape[0], grain: boxGrain) {
                    let r = $0.lowerBound
                    S.extremeBoxesGradient(
                        points + width * r, g + 4 * r, dPoints + width * r, $0.count, width / 2, used: used)
                }
            }
        }
    }
}
