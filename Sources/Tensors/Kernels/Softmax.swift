import CKernels

/// What `Kernels/Softmax.swift` asks of an element type.
public protocol SoftmaxKernels {
    /// y = softmax(scale x) over rows; y may be x.
    static func softmax(
        _ x: UnsafePointer<Self>, scale: Double, _ y: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = scale y (g - sum(g y)) over rows; dx may be g.
    static func softmaxGradient(
        _ y: UnsafePointer<Self>, _ g: UnsafePointer<Self>, scale: Double, _ dx: UnsafeMutablePointer<Self>,
        _ rows: Int, _ columns: Int)
    /// y = x - log(sum(e^x)) over rows.
    static func logSoftmax(_ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = g - e^y sum(g) over rows.
    static func logSoftmaxGradient(
        _ y: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: SoftmaxKernels {
    public static func softmax(
        _ x: UnsafePointer<Float>, scale: Double, _ y: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_softmax(x, Float(scale), y, rows, columns) }

    public static func softmaxGradient(
        _ y: UnsafePointer<Float>, _ g: UnsafePointer<Float>, scale: Double, _ dx: UnsafeMutablePointer<Float>,
        _ rows: Int, _ columns: Int
    ) { hb_softmax_gradient(y, g, Float(scale), dx, rows, columns) }

    public static func logSoftmax(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_log_softmax(x, y, rows, columns) }

    public static func logSoftmaxGradient(
        _ y: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ rows: Int,
        _ columns: Int
    ) { hb_log_softmax_gradient(y, g, dx, rows, columns) }
}

/// log(sum(e^(scale x))) of one row.
func logSumExp(_ x: UnsafePointer<Double>, scale: Double = 1, _ columns: Int) -> Double {
    var largest = -Double.infinity
    for c in 0..<columns { largest = max(largest, scale * x[c]) }
    var sum = 0.0
    for c in 0..<columns { sum += exponential(scale * x[c] - largest) }
    return largest + logarithm(sum)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: SoftmaxKernels {
    public static func softmax(
        _ x: UnsafePointer<Double>, scale: Double, _ y: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            let logSum = logSumExp(x + r * columns, scale: scale, columns)
            for i in r * columns..<(r + 1) * columns { y[i] = exponential(scale * x[i] - logSum) }
        }
    }

    public static func softmaxGradient(
        _ y: UnsafePointer<Double>, _ g: UnsafePointer<Double>, scale: Double, _ dx: UnsafeMutablePointer<Double>,
        _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            var sum = 0.0
            for i in r * columns..<(r + 1) * columns { sum += y[i] * g[i] }
            for i in r * columns..<(r + 1) * columns { dx[i] = scale * y[i] * (g[i] - sum) }
        }
    }

    public static func logSoftmax(
        _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            let logSum = logSumExp(x + r * columns, columns)
            for i in r * columns..<(r + 1) * columns { y[i] = x[i] - logSum }
        }
    }

    public static func logSoftmaxGradient(
        _ y: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, _ rows: Int,
        _ columns: Int
    ) {
        for r in 0..<rows {
            var sum = 0.0
            for i in r * columns..<(r + 1) * columns { sum += g[i] }
            for i in r * columns..<(r + 1) * columns { dx[i] = g[i] - exponential(y[i]) * sum }
        }
    }
}

/// Rows per chunk of a pass that takes an exponential of each element.
func exponentialGrain(_ columns: Int) -> Int { max(1, elementGrain / 4 / max(1, columns)) }

extension Tensor {
    /// e^x / sum(e^x) over the last axis.
    public func softmax() -> Tensor {
        let columns = shape.columns
        return Tensor(shape) { y in
            read { x in
                parallelFor(shape.rows, grain: exponentialGrain(columns)) {
                    let start = $0.lowerBound * columns
                    S.softmax(x + start, scale: 1, y + start, $0.count, columns)
                }
            }
        }
    }

    /// For self = softmax(x): the gradient of x.
    package func softmaxGradient(_ g: Tensor) -> Tensor {
        let columns = shape.columns
        return Tensor(shape) { dx in
            withElements(self, g) { y, g in
                parallelFor(shape.rows, grain: exponentialGrain(columns)) {
                    let start = $0.lowerBound * columns
                    S.softmaxGradient(y + start, g + start, scale: 1, dx + start, $0.count, columns)
                }
            }
        }
    }

    /// x - log(sum(e^x)) over the last axis.
    public func logSoftmax() -> Tensor {
        let columns = shape.columns
        return Tensor(shape) { y in
            read { x in
                parallelFor(shape.rows, grain: exponentialGrain(columns)) {
                    let start = $0.lowerBound * columns
                    S.logSoftmax(x + start, y + start, $0.count, columns)
                }
            }
        }
    }

    /// For self = logSoftmax(x): the gradient of x.
    package func logSoftmaxGradient(_ g: Tensor) -> Tensor {
        let columns = shape.columns
        return Tensor(shape) { dx in
            withElements(self, g) { y, g in
                parallelFor(shape.rows, grain: exponentialGrain(columns)) {
                    let start = $0.lowerBound * columns
                    S.logSoftmaxGradient(y + start, g + start, dx + start, $0.count, columns)
                }
            }
        }
    }
}
