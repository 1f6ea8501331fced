import Autograd
import Checkpoints
import Datasets
import Distillation
import Layers
import Reporting
import Tasks
import Tensors

/// A trained model that only looks: it runs in evaluation mode and without a tape, so nothing can change it.
package final class Teacher: TeachingModel {
    package let name: String
    package let weights: Weights
    package let taps: [FeatureTap]
    /// Of all values, parameters and running statistics, as they were when the teacher was loaded.
    package let sha256: String
    /// Time spent in forward passes.
    package private(set) var seconds = 0.0
    /// Outputs for all training images, where they are kept.
    var cache: TeacherCache?
    /// Whether maps for the images of costs are worth keeping: not those of a student that goes on learning.
    let keepsMaps: Bool
    /// Where it has another input size and sees more than the student, by part of the data.
    var views: [TeacherPart: TeacherView] = [:]
    private let conversion: InputConversion
    private let packed: PackedWeights

    /// - Parameters:
    ///   - plan: of the images that it will be shown, the student's.
    ///   - precision: of its products; that of the update which asks it when absent.
    init(
        _ name: String, _ weights: Weights, plan: TransformPlan, keepsMaps: Bool = true,
        precision: ProductPrecision? = nil
    ) throws {
        self.name = name
        self.weights = weights
        self.keepsMaps = keepsMaps
        let own = weights.metadata.transform
        taps = try weights.model.taps(height: own.height, width: own.width)
        sha256 = weights.store.sha256
        packed = PackedWeights(weights.store.flat, precision)
        conversion = InputConversion(from: plan, to: own)
    }

    /// What it computes for images [N, H, W, C] as the student sees them.
    /// - Parameters:
    ///   - answers: whether its head runs.
    ///   - shown: how the images came to be; nil where that is not known.
    ///   - part: that they are of.
    func callAsFunction(
        _ images: Tensor<Float>, answers: Bool = true, shown: Shown? = nil, part: TeacherPart = .training
    ) -> Lesson {
        let begin = MonotonicClock.seconds()
        defer { seconds += MonotonicClock.seconds() - begin }
        var seen = conversion(images)
        if let shown, let view = views[part] {
            seen = view(seen, size: Pair(images.shape[1], images.shape[2]), shown)
        }
        let (own, context) = (Variable(seen), Context.evaluation(weights.store))
        return packed.whileAsking {
            guard answers else { return Lesson(answer: nil, features: weights.model.features(own, context)) }
            let output = weights.model(own, context)
            return Lesson(answer: output.answer, features: output.features)
        }
    }

    /// Its maps alone.
    func features(_ images: Tensor<Float>, shown: Shown?, part: TeacherPart) -> [Tensor<Float>] {
        self(images, answers: false, shown: shown, part: part).features.map(\.value)
    }

    /// The same for a batch, from the cache where there is one.
    package func teach(_ batch: ImageBatch, _ images: Tensor<Float>, motions: [Motion]?, answers: Bool) -> Lesson {
        guard let cache else {
            return self(
                images, answers: answers, shown: motions.map { Shown(indices: batch.indices, motions: $0) })
        }
        let begin = MonotonicClock.seconds()
        defer { seconds += MonotonicClock.seconds() - begin }
        return cache.lesson(batch.indices)
    }

    /// - Throws: when a value is not what it was when the teacher was loaded.
    package func checkUnchanged() throws {
        guard weights.store.sha256 == sha256 else {
            throw RecipeError("the teacher \(name) was changed by the run, so its results are worth nothing")
        }
    }

    package var megabytes: Double { Double(weights.store.flat.count * 4) / 1e6 }
}

extension ParameterStore where S == Float {
    /// The SHA-256 of all parameters and buffers.
    package var sha256: String {
        let parameters = Array(UnsafeRawBufferPointer(start: flat.pointer, count: flat.count * MemoryLayout<S>.stride))
        return SHA256.hexadecimal([parameters] + buffers.map { $0.array.withUnsafeBytes { Array($0) } })
    }
}

/// The part of the data that a teacher is shown.
package enum TeacherPart {
    case training, validation
}

/// Brings images that were normalised for one model to the size, channels and normalisation of another.
struct InputConversion {
    private let source: Pair
    private let target: Pair
    /// [output channel][input channel] and a constant per output channel; nil where nothing changes.
    private let matrix: [[Float]]?
    private let offset: [Float]

    init(from source: TransformPlan, to target: TransformPlan) {
        self.source = Pair(source.height, source.width)
        self.target = Pair(target.height, target.width)
        offset = (0..<target.channels).map { channel in
            let shares = InputConversion.shares(from: source.channels, to: target.channels, channel)
            let mean = zip(shares, source.normalization.mean).reduce(0) { $0 + $1.0 * $1.1 }
            return (mean - target.normalization.mean[channel]) / target.normalization.deviation[channel]
        }
        let rows = (0..<target.channels).map { channel in
            zip(
                InputConversion.shares(from: source.channels, to: target.channels, channel),
                source.normalization.deviation
            ).map { $0 * $1 / target.normalization.deviation[channel] }
        }
        matrix = source.channels == target.channels && source.normalization == target.normalization ? nil : rows
    }

    /// How the pixel values of an output channel are made: as they are, grey copied, or colour as brightness.
    private static func shares(from source: Int, to target: Int, _ channel: Int) -> [Float] {
        if source == target { return (0..<source).map { $0 == channel ? 1 : 0 } }
        return source == 1 ? [1] : [0.299, 0.587, 0.114]
    }

    func callAsFunction(_ images: Tensor<Float>) -> Tensor<Float> {
        let converted = matrix.map { normalized(images, $0) } ?? images
        let size = Pair(converted.shape[1], converted.shape[2])
        let own = own(size)
        if size == own { return converted }
        return converted.resized(height: own.height, width: own.width, .bilinear(alignCorners: false))
    }

    /// The size that images of a size are brought to: a batch that was cut to what its images need stays as much smaller.
    func own(_ size: Pair) -> Pair {
        if size == source { return target }
        func side(_ length: Int, _ from: Int, _ to: Int) -> Int {
            max(1, Int((Double(length * to) / Double(from)).rounded()))
        }
        return Pair(
            side(size.height, source.height, target.height), side(size.width, source.width, target.width))
    }

    private func normalized(_ images: Tensor<Float>, _ matrix: [[Float]]) -> Tensor<Float> {
        let (inputs, outputs) = (images.shape.columns, matrix.count)
        return Tensor(images.shape.replacing(axis: -1, with: outputs)) { target in
            images.read { source in
                for pixel in 0..<images.shape.rows {
                    for o in 0..<outputs {
                        var sum = offset[o]
                        for i in 0..<inputs { sum += matrix[o][i] * source[pixel * inputs + i] }
                        target[pixel * outputs + o] = sum
                    }
                }
            }
        }
    }
}
