import CKernels

/// What `Kernels/Residual.swift` asks of an element type.
public protocol ResidualKernels {
    /// y = x + factor gamma[c] branch; without gamma, 1 everywhere.
    static func addResidual(
        _ x: UnsafePointer<Self>, _ branch: UnsafePointer<Self>, _ gamma: UnsafePointer<Self>?, _ factor: Self,
        _ y: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dbranch = factor gamma[c] g and, with gamma, sums[c] += factor sum over rows of g branch.
    static func addResidualGradient(
        _ branch: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ gamma: UnsafePointer<Self>?, _ factor: Self,
        _ dbranch: UnsafeMutablePointer<Self>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: ResidualKernels {
    public static func addResidual(
        _ x: UnsafePointer<Float>, _ branch: UnsafePointer<Float>, _ gamma: UnsafePointer<Float>?, _ factor: Float,
        _ y: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_add_residual(x, branch, gamma, factor, y, rows, columns) }

    public static func addResidualGradient(
        _ branch: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ gamma: UnsafePointer<Float>?, _ factor: Float,
        _ dbranch: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_add_residual_gradient(branch, g, gamma, factor, dbranch, sums, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: ResidualKernels {
    public static func addResidual(
        _ x: UnsafePointer<Double>, _ branch: UnsafePointer<Double>, _ gamma: UnsafePointer<Double>?, _ factor: Double,
        _ y: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for i in 0..<rows * columns { y[i] = x[i] + factor * (gamma?[i % columns] ?? 1) * branch[i] }
    }

    public static func addResidualGradient(
        _ branch: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ gamma: UnsafePointer<Double>?, _ factor: Double,
        _ dbranch: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for i in 0..<rows * columns {
            dbranch[i] = factor * (gamma?[i % columns] ?? 1) * g[i]
            if gamma != nil { sums[i % columns] += factor * g[i] * branch[i] }
        }
    }
}

extension Tensor {
    /// x + factor_n gamma_c branch: factors [N], gamma [C], either may be absent (1 everywhere).
    package func addingResidual(_ branch: Tensor, scale gamma: Tensor?, factors: Tensor?) -> Tensor {
        let columns = shape.columns
        let samples = shape.rank > 1 ? shape[0] : 1
        let rows = shape.rows / max(1, samples)
        return Tensor(shape) { y in
            withElements(self, branch, gamma ?? self, factors ?? self) { x, branch, scale, factor in
                forEachSampleSegment(samples: samples, rows: rows, columns: columns) { sample, range in
                    let start = range.lowerBound * columns
                    S.addResidual(
                        x + start, branch + start, gamma == nil ? nil : scale, factors == nil ? 1 : factor[sample],
                        y + start, range.count, columns)
                }
            }
        }
    }

    /// For self = branch: its gradient and, with gamma, that of gamma, in one pass.
    package func residualGradient(
        _ g: Tensor, scale gamma: Tensor?, factors: Tensor?
    ) -> (branch: Tensor, scale: Tensor?) {
        if gamma == nil, factors == nil { return (g, nil) }
        let columns = shape.columns
        let samples = shape.rank > 1 ? shape[0] : 1
        let rows = shape.rows / max(1, samples)
        let sums = Storage<S>(count: columns)
        let dbranch = Tensor(shape) { dbranch in
            withElements(self, g, gamma ?? self, factors ?? self) { branch, g, scale, factor in
                reduceRows(shape.rows, columns: columns, into: sums.pointer) { chunk, partial in
                    clear(partial, columns)
                    splitSamples(chunk, rows: rows) { sample, range in
                        let start = range.lowerBound * columns
                        S.addResidualGradient(
                            branch + start, g + start, gamma == nil ? nil : scale, factors == nil ? 1 : factor[sample],
                            dbranch + start, partial, range.count, columns)
                    }
                }
            }
        }
        return (dbranch, gamma == nil ? nil : Tensor(storage: sums, offset: 0, shape: [columns]))
    }
}
