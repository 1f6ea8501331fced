import CKernels

/// What `Kernels/DynamicRelu.swift` asks of an element type.
public protocol DynamicReluKernels {
    /// y = max(a x, b x) for the rows of one sample, with a and b beside each other in `slopes`.
    static func dynamicRelu(
        _ x: UnsafePointer<Self>, _ slopes: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
    /// dx, and the sums over the rows of g x for the slope that is taken, half of it for both where they give the same.
    static func dynamicReluGradient(
        _ x: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ slopes: UnsafePointer<Self>,
        _ dx: UnsafeMutablePointer<Self>, _ dSlopes: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: DynamicReluKernels {
    public static func dynamicRelu(
        _ x: UnsafePointer<Float>, _ slopes: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int,
        _ columns: Int
    ) { hb_dynamic_relu(x, slopes, y, rows, columns) }

    public static func dynamicReluGradient(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ slopes: UnsafePointer<Float>,
        _ dx: UnsafeMutablePointer<Float>, _ dSlopes: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_dynamic_relu_gradient(x, g, slopes, dx, dSlopes, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: DynamicReluKernels {
    public static func dynamicRelu(
        _ x: UnsafePointer<Double>, _ slopes: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ rows: Int,
        _ columns: Int
    ) {
        for i in 0..<rows * columns {
            y[i] = max(slopes[i % columns] * x[i], slopes[columns + i % columns] * x[i])
        }
    }

    public static func dynamicReluGradient(
        _ x: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ slopes: UnsafePointer<Double>,
        _ dx: UnsafeMutablePointer<Double>, _ dSlopes: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for c in 0..<2 * columns { dSlopes[c] = 0 }
        for i in 0..<rows * columns {
            let (a, b) = (i % columns, columns + i % columns)
            let (u, v) = (slopes[a] * x[i], slopes[b] * x[i])
            let share = u > v ? 1 : u < v ? 0 : 0.5
            dx[i] = g[i] * (share * slopes[a] + (1 - share) * slopes[b])
            dSlopes[a] += share * g[i] * x[i]
            dSlopes[b] += (1 - share) * g[i] * x[i]
        }
    }
}

extension Tensor {
    /// For self = x [N, .., C] and slopes [N, 2 C]: max(a x, b x).
    package func dynamicRelu(_ slopes: Tensor) -> Tensor {
        let (samples, columns) = (shape[0], shape.columns)
        let rows = shape.rows / max(1, samples)
        return Tensor(shape) { y in
            withElements(self, slopes) { x, slopes in
                // Rows of all samples, cut where a sample ends.
                parallelFor(samples * rows, grain: max(1, elementGrain / max(1, columns))) { range in
                    var row = range.lowerBound
                    while row < range.upperBound {
                        let sample = row / rows
                        let count = min(range.upperBound, (sample + 1) * rows) - row
                        S.dynamicRelu(
                            x + row * columns, slopes + sample * 2 * columns, y + row * columns, count, columns)
                        row += count
                    }
                }
            }
        }
    }

    /// For self = x: the gradients of x and of the slopes.
    package func dynamicReluGradients(_ g: Tensor, _ slopes: Tensor) -> (input: Tensor, slopes: Tensor) {
        let (samples, columns) = (shape[0], shape.columns)
        let rows = shape.rows / max(1, samples)
        let sums = Storage<S>(count: slopes.elementCount)
        let input = Tensor(shape) { dx in
            withElements(self, g, slopes) { x, g, slopes in
                parallelFor(samples, grain: max(1, elementGrain / max(1, rows * columns))) { range in
                    for sample in range {
                        let start = sample * rows * columns
                        S.dynamicReluGradient(
                            x + start, g + start, slopes + sample * 2 * columns, dx + start,
                            sums.pointer + sample * 2 * columns, rows, columns)
                    }
                }
            }
        }
        return (input, Tensor(storage: sums, offset: 0, shape: slopes.shape))
    }
}
