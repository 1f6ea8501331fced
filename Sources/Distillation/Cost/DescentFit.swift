import Tensors

/// Fits the same maps as `AdaptationCostAccumulator` by AdamW without decay over mini-batches; slower and not exact, and
/// so a second opinion. Channels are standardised by the statistics of the first batch, which only helps the descent.
public struct DescentFit {
    package let pairing: FeaturePairing
    package let learningRate: Double
    /// The number of updates over which the learning rate falls to 0 (half a cosine).
    public let updates: Int
    private var step = 0
    private var levels: [Level] = []

    package init(_ pairing: FeaturePairing, updates: Int, learningRate: Double = 0.02) {
        self.pairing = pairing
        self.updates = max(1, updates)
        self.learningRate = learningRate
    }

    /// One update with a batch of training images, the features of both models in the order of their taps.
    public mutating func update<S: Scalar>(studentFeatures: [Tensor<S>], teacherFeatures: [Tensor<S>]) {
        let maps = PairedFeatures(pairs: pairing.pairs).levels(studentFeatures, teacherFeatures).map {
            ($0.x.converted(to: Double.self), $0.y.converted(to: Double.self))
        }
        if levels.isEmpty { levels = maps.map { Level($0, $1) } }
        step += 1
        let rate = learningRate * 0.5 * (1 + cosine(Double.pi * Double(step - 1) / Double(updates)))
        for level in levels.indices { levels[level].update(maps[level].0, maps[level].1, rate: rate, step: step) }
    }

    /// The maps so far, ready to be measured on held-out images.
    public func fitted() -> AdaptationCostEvaluator {
        require(step > 0, "DescentFit.fitted", "no update was made")
        return AdaptationCostEvaluator(maps: levels.map(\.map), pairs: pairing.pairs)
    }

    private struct Level {
        let meanX: Tensor<Double>
        let meanY: Tensor<Double>
        let scaleX: Tensor<Double>
        let scaleY: Tensor<Double>
        /// [inputs + 1, outputs] in standardised units, the bias last.
        var parameters: [Double]
        var first: [Double]
        var second: [Double]

        init(_ x: Tensor<Double>, _ y: Tensor<Double>) {
            (meanX, scaleX) = Level.statistics(x)
            (meanY, scaleY) = Level.statistics(y)
            parameters = [Double](repeating: 0, count: (x.shape.columns + 1) * y.shape.columns)
            first = parameters
            second = parameters
        }

        private static func statistics(_ x: Tensor<Double>) -> (Tensor<Double>, Tensor<Double>) {
            let mean = Tensor([x.shape.columns], x.columnMeans())
            let variance = ((x - mean).mapped(.square)).columnMeans()
            return (mean, Tensor([x.shape.columns], variance.map { $0 > 1e-30 ? $0.squareRoot() : 1 }))
        }

        mutating func update(_ x: Tensor<Double>, _ y: Tensor<Double>, rate: Double, step: Int) {
            let (inputs, outputs, rows) = (x.shape.columns, y.shape.columns, x.shape.rows)
            let u = ((x - meanX) / scaleX).reshaped([rows, inputs])
            let v = ((y - meanY) / scaleY).reshaped([rows, outputs])
            let weight = Tensor([inputs, outputs], Array(parameters[..<(inputs * outputs)]))
            let bias = Tensor([outputs], Array(parameters[(inputs * outputs)...]))
            let residual = (LinearFeatureMap(weight: weight, bias: bias)(u) - v).scaled(by: 2 / Double(rows))
            var gradient = Tensor<Double>([inputs, outputs]) { g in
                withElements(u, residual) { u, r in reducingProduct(inputs, outputs, rows, u, r, into: g) }
            }.array
            gradient += residual.summedRows().array
            let corrections = (1 - power(0.9, Double(step)), 1 - power(0.999, Double(step)))
            for i in gradient.indices {
                first[i] += 0.1 * (gradient[i] - first[i])
                second[i] += 0.001 * (gradient[i] * gradient[i] - second[i])
                let size = (second[i] / corrections.1).squareRoot() + 1e-8
                parameters[i] -= rate * (first[i] / corrections.0) / size
            }
        }

        /// The map in the features' own units.
        var map: LinearFeatureMap {
            let (inputs, outputs) = (meanX.elementCount, meanY.elementCount)
            let (mx, sx, my, sy) = (meanX.array, scaleX.array, meanY.array, scaleY.array)
            var weight = [Double](repeating: 0, count: inputs * outputs)
            var bias = (0..<outputs).map { my[$0] + sy[$0] * parameters[inputs * outputs + $0] }
            for i in 0..<inputs {
                for j in 0..<outputs {
                    weight[i * outputs + j] = parameters[i * outputs + j] * sy[j] / sx[i]
                    bias[j] -= weight[i * outputs + j] * mx[i]
                }
            }
            return LinearFeatureMap(weight: Tensor([inputs, outputs], weight), bias: Tensor([outputs], bias))
        }
    }
}
