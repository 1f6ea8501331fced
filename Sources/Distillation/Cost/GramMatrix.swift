import Tensors

/// Sums over the rows of X [P, a] and Y [P, b]: of X^T X, X^T Y, the rows and the squares of Y, in double precision.
///
/// Everything is taken about the means of the first batch, so that large means cost no digits; centring about the true
/// means happens at the end.
struct GramMatrix {
    let inputs: Int
    let outputs: Int
    private(set) var rows = 0
    private var shiftX: [Double] = []
    private var shiftY: [Double] = []
    private var sumX: [Double]
    private var sumY: [Double]
    private let xx: Storage<Double>
    private let xy: Storage<Double>

    init(inputs: Int, outputs: Int) {
        self.inputs = inputs
        self.outputs = outputs
        sumX = [Double](repeating: 0, count: inputs)
        sumY = [Double](repeating: 0, count: outputs)
        xx = Storage(count: inputs * inputs)
        xy = Storage(count: inputs * outputs)
        xx.pointer.update(repeating: 0, count: inputs * inputs)
        xy.pointer.update(repeating: 0, count: inputs * outputs)
    }

    /// Adds the rows of x [.., inputs] and y [.., outputs].
    mutating func add<S: Scalar>(_ x: Tensor<S>, _ y: Tensor<S>) {
        require(
            x.shape.columns == inputs && y.shape.columns == outputs && x.shape.rows == y.shape.rows, "GramMatrix.add",
            [x.shape, y.shape], "the maps must have \(inputs) and \(outputs) channels and as many rows as each other")
        let (x, y) = (x.converted(to: Double.self), y.converted(to: Double.self))
        let count = x.shape.rows
        if rows == 0 {
            shiftX = x.columnMeans()
            shiftY = y.columnMeans()
        }
        let (left, right) = (x.shifted(by: shiftX), y.shifted(by: shiftY))
        rows += count
        for (c, sum) in left.summedRows().array.enumerated() { sumX[c] += sum }
        for (c, sum) in right.summedRows().array.enumerated() { sumY[c] += sum }
        accumulate(left, left, inputs, into: xx)
        accumulate(left, right, outputs, into: xy)
    }

    /// sums += left^T right, tiles of rows that stay in the cache, threads over the rows of the result: the order of
    /// adding does not depend on the number of threads.
    private func accumulate(
        _ left: Tensor<Double>, _ right: Tensor<Double>, _ columns: Int, into sums: Storage<Double>
    ) {
        let (count, inputs) = (left.shape.rows, inputs)
        withElements(left, right) { a, b in
            parallelFor(inputs, grain: 32) { range in
                for tile in stride(from: 0, to: count, by: 64) {
                    Double.product(
                        range.count, columns, min(64, count - tile), a + tile * inputs + range.lowerBound, inputs,
                        transposed: true, b + tile * columns, columns, transposed: false, beta: 1,
                        sums.pointer + range.lowerBound * columns, columns)
                }
            }
        }
    }

    /// The map that minimises the squared error over all rows, its weight by Cholesky with `ridge` times the mean
    /// variance of X on the diagonal; the bias is not held back.
    func solved(ridge: Double) -> LinearFeatureMap {
        let count = Double(max(1, rows))
        let (meanX, meanY) = (sumX.map { $0 / count }, sumY.map { $0 / count })
        let matrix = Storage<Double>(count: inputs * inputs)
        let weight = Storage<Double>(count: inputs * outputs)
        var trace = 0.0
        for i in 0..<inputs {
            for j in 0..<inputs {
                matrix.pointer[i * inputs + j] = xx.pointer[i * inputs + j] - count * meanX[i] * meanX[j]
            }
            for j in 0..<outputs {
                weight.pointer[i * outputs + j] = xy.pointer[i * outputs + j] - count * meanX[i] * meanY[j]
            }
            trace += matrix.pointer[i * inputs + i]
        }
        // Rounding may leave a matrix of low rank slightly indefinite: a larger ridge then.
        var added = max(ridge * trace / Double(inputs + 1), .leastNormalMagnitude)
        for _ in 0..<12 {
            for i in 0..<inputs { matrix.pointer[i * inputs + i] += added }
            if let factor = Cholesky(matrix, size: inputs) {
                factor.solve(weight, columns: outputs)
                break
            }
            added *= 10
        }
        let values = (0..<inputs * outputs).map { weight.pointer[$0] }
        var bias = [Double](repeating: 0, count: outputs)
        for j in 0..<outputs {
            bias[j] = (rows > 0 ? shiftY[j] : 0) + meanY[j]
            for i in 0..<inputs { bias[j] -= ((rows > 0 ? shiftX[i] : 0) + meanX[i]) * values[i * outputs + j] }
        }
        return LinearFeatureMap(weight: Tensor([inputs, outputs], values), bias: Tensor([outputs], bias))
    }
}

/// x W + b over rows: a 1x1 convolution from one model's features to another's.
public struct LinearFeatureMap: Sendable {
    /// [inputs, outputs].
    public let weight: Tensor<Double>
    /// [outputs].
    public let bias: Tensor<Double>

    package init(weight: Tensor<Double>, bias: Tensor<Double>) {
        self.weight = weight
        self.bias = bias
    }

    /// [.., inputs] -> [.., outputs].
    public func callAsFunction(_ x: Tensor<Double>) -> Tensor<Double> {
        // The product that a linear layer's input gradient is, too: rows times a matrix as it stands.
        x.linearInputGradient(weight) + bias
    }
}

extension Tensor where S == Double {
    func columnMeans() -> [Double] { summedRows().array.map { $0 / Double(max(1, shape.rows)) } }

    func shifted(by row: [Double]) -> Tensor { self - Tensor([row.count], row) }
}
