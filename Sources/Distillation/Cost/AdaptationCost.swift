// Cost: how hard it is for a student to follow a teacher, as a number, and the algebra for it.

import Tensors

/// C(A -> B): what the best linear map from A's features to B's leaves unexplained on images that it was not fitted to.
/// Cao et al., arXiv 2308.09105, section on the adaptation cost.
public struct AdaptationCost: Sendable, Hashable, Codable {
    /// The cost at one pair of maps.
    public struct Level: Sendable, Hashable, Codable {
        /// The map that is taken.
        public let source: String
        /// The map that is met.
        public let target: String
        /// The mean squared error per element.
        public let error: Double
        /// The target's variance per element, each channel about its own mean.
        public let variance: Double
        /// The share of the variance that is left: 0 for a perfect map, 1 for one that knows only the mean.
        public var normalized: Double { variance > 0 ? error / variance : 0 }

        /// A level.
        public init(source: String, target: String, error: Double, variance: Double) {
            self.source = source
            self.target = target
            self.error = error
            self.variance = variance
        }
    }

    /// The mean of the levels' normalised errors.
    public let value: Double
    /// The standard deviation of the value under resampling of the held-out images.
    public let errorBar: Double
    /// The cost by level.
    public let levels: [Level]
    /// The value of each held-out image; their mean is `value`. Empty when the cost was given as a number.
    public let perImage: [Double]

    /// A cost.
    public init(value: Double, errorBar: Double = 0, levels: [Level] = [], perImage: [Double] = []) {
        self.value = value
        self.errorBar = errorBar
        self.levels = levels
        self.perImage = perImage
    }

    /// The error bar of this cost minus another. Where both were measured on the same images the difference is taken
    /// image by image, as what makes an image hard is common to both.
    public func errorBarOfDifference(_ other: AdaptationCost, samples: Int = 200) -> Double {
        guard perImage.count > 1, perImage.count == other.perImage.count else {
            return (errorBar * errorBar + other.errorBar * other.errorBar).squareRoot()
        }
        return bootstrapDeviation(zip(perImage, other.perImage).map { $0 - $1 }, samples: samples)
    }
}

extension AdaptationCost {
    /// Held-out images that an error bar takes at least.
    private static let leastImages = 32
    /// Costs are told in two decimals: an error bar of one of the last is as good as none.
    private static let fineBar = 0.01

    /// Whether more images would hardly change which of the costs is the least one: it is two error bars of the difference
    /// away from every other, or the error bar is so small that the costs are as good as equal.
    package static func leastIsDecided(_ costs: [AdaptationCost]) -> Bool {
        guard let least = costs.min(by: { $0.value < $1.value }), costs.allSatisfy(\.value.isFinite) else {
            return true
        }
        guard costs.allSatisfy({ $0.perImage.count >= leastImages }) else { return false }
        return costs.allSatisfy { cost in
            let bar = cost.errorBarOfDifference(least)
            return bar <= fineBar || cost.value - least.value > 2 * bar
        }
    }
}

/// The standard deviation of the mean under resampling with replacement.
package func bootstrapDeviation(_ values: [Double], samples: Int, seed: UInt64 = 0) -> Double {
    guard values.count > 1, samples > 1 else { return 0 }
    var random = Random(seed: seed, purpose: "bootstrap")
    let means = (0..<samples).map { _ in
        var sum = 0.0
        for _ in values.indices { sum += values[random.integer(below: values.count)] }
        return sum / Double(values.count)
    }
    let center = means.reduce(0, +) / Double(samples)
    return (means.reduce(0) { $0 + ($1 - center) * ($1 - center) } / Double(samples - 1)).squareRoot()
}

/// How features are paired for C(A -> B), and A's brought to the size of B's: what both fits and the measurement share.
struct PairedFeatures {
    let pairs: [FeaturePair]
    /// The most places of each map that are looked at.
    var positions = Int.max

    /// The rows of each level: A's map at B's size, and B's, both [N, H, W, C], or some of their places.
    /// - Parameter batch: counts the batches, so that the places of large maps take turns.
    func levels<S: Scalar>(
        _ source: [Tensor<S>], _ target: [Tensor<S>], batch: Int = 0
    ) -> [(x: Tensor<S>, y: Tensor<S>)] {
        pairs.map { pair in
            let (x, y) = (source[pair.studentIndex], target[pair.teacherIndex])
            require(
                x.shape.rank == 4 && y.shape.rank == 4 && x.shape[0] == y.shape[0], "adaptation cost",
                [x.shape, y.shape], "both must be maps [N, H, W, C] of the same images")
            let whole = x.adapted(to: Pair(y.shape[1], y.shape[2]))
            let step = Tensor<S>.step(Pair(y.shape[1], y.shape[2]), most: positions)
            return step == 1 ? (whole, y) : (whole.thinned(step, batch), y.thinned(step, batch))
        }
    }
}

/// Measures fitted maps on held-out images, batch by batch.
public struct AdaptationCostEvaluator: Sendable {
    /// One map per level.
    public let maps: [LinearFeatureMap]
    private let pairs: [FeaturePair]
    /// The mean squared error per element, by level and image.
    private var errors: [[Double]]
    private var counts: [Double]
    private var shifts: [Tensor<Double>?]
    private var sums: [[Double]]
    private var squares: [Double]
    private let paired: PairedFeatures
    private var batches = 0

    init(maps: [LinearFeatureMap], pairs: [FeaturePair], positions: Int = .max) {
        self.maps = maps
        self.pairs = pairs
        paired = PairedFeatures(pairs: pairs, positions: positions)
        errors = pairs.map { _ in [] }
        counts = pairs.map { _ in 0 }
        shifts = pairs.map { _ in nil }
        sums = maps.map { [Double](repeating: 0, count: $0.bias.elementCount) }
        squares = pairs.map { _ in 0 }
    }

    /// Adds a batch of held-out images, the features of both models in the order of their taps.
    public mutating func add<S: Scalar>(studentFeatures: [Tensor<S>], teacherFeatures: [Tensor<S>]) {
        let levels = paired.levels(studentFeatures, teacherFeatures, batch: batches)
        batches += 1
        for (level, maps) in levels.enumerated() {
            let (x, y) = (maps.x.converted(to: Double.self), maps.y.converted(to: Double.self))
            let difference = self.maps[level](x) - y
            let images = y.shape[0]
            let size = y.elementCount / images
            difference.read { d in
                for image in 0..<images {
                    errors[level].append(Double.sumOfSquares(d + image * size, size) / Double(size))
                }
            }
            let shift = shifts[level] ?? Tensor([y.shape.columns], y.columnMeans())
            shifts[level] = shift
            let shifted = y - shift
            counts[level] += Double(y.shape.rows)
            for (c, sum) in shifted.summedRows().array.enumerated() { sums[level][c] += sum }
            squares[level] += shifted.sumOfSquares()
        }
    }

    /// The cost over all images added so far.
    ///
    /// - Parameter samples: how often the images are resampled for the error bar.
    public func cost(samples: Int = 200, seed: UInt64 = 0) -> AdaptationCost {
        let images = errors.first?.count ?? 0
        require(images > 0, "AdaptationCostEvaluator.cost", "no held-out image was added")
        let levels = pairs.indices.map { level -> AdaptationCost.Level in
            let count = counts[level]
            let means = sums[level].reduce(0) { $0 + $1 * $1 } / count
            return AdaptationCost.Level(
                source: pairs[level].student.name, target: pairs[level].teacher.name,
                error: errors[level].reduce(0, +) / Double(images),
                variance: (squares[level] - means) / (count * Double(max(1, sums[level].count))))
        }
        let perImage = (0..<images).map { image in
            levels.indices.reduce(0.0) { sum, level in
                let variance = levels[level].variance
                return sum + (variance > 0 ? errors[level][image] / variance : 0)
            } / Double(levels.count)
        }
        return AdaptationCost(
            value: levels.reduce(0) { $0 + $1.normalized } / Double(levels.count),
            errorBar: bootstrapDeviation(perImage, samples: samples, seed: seed), levels: levels, perImage: perImage)
    }
}

/// Fits the best linear maps from one model's features to another's exactly, in one streaming pass over the training
/// images: Gram matrices, then Cholesky with a small ridge.
public struct AdaptationCostAccumulator {
    /// Which maps are compared.
    public let pairing: FeaturePairing
    private let ridge: Double
    private let positions: Int
    private var grams: [GramMatrix]
    private var batches = 0

    /// - Parameters:
    ///   - pairing: A's taps as the student's, B's as the teacher's.
    ///   - ridge: added to the Gram matrix, in units of its mean diagonal.
    ///   - positions: the most places of each map that count, of larger ones a grid that moves from batch to batch.
    public init(_ pairing: FeaturePairing, ridge: Double = 1e-6, positions: Int = .max) {
        self.pairing = pairing
        self.ridge = ridge
        self.positions = positions
        grams = pairing.pairs.map { GramMatrix(inputs: $0.student.channels, outputs: $0.teacher.channels) }
    }

    /// Adds a batch of training images, the features of both models in the order of their taps.
    public mutating func add<S: Scalar>(studentFeatures: [Tensor<S>], teacherFeatures: [Tensor<S>]) {
        let paired = PairedFeatures(pairs: pairing.pairs, positions: positions)
        let levels = paired.levels(studentFeatures, teacherFeatures, batch: batches)
        batches += 1
        for (level, maps) in levels.enumerated() { grams[level].add(maps.x, maps.y) }
    }

    /// The fitted maps, ready to be measured on held-out images.
    public func fitted() -> AdaptationCostEvaluator {
        require(grams.allSatisfy { $0.rows > 0 }, "AdaptationCostAccumulator.fitted", "no training image was added")
        return AdaptationCostEvaluator(
            maps: grams.map { $0.solved(ridge: ridge) }, pairs: pairing.pairs, positions: positions)
    }
}
