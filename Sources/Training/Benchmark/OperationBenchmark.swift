import Autograd
import Datasets
import Detection
import Reporting
import Tensors

/// Times single operations of detectors forward and backward on random values, of the sizes that RetinaNet and Mask R-CNN have
/// them at 320 x 320 pixels.
package struct OperationBenchmark: Sendable {
    /// What can be timed.
    package enum Name: String, CaseIterable, Sendable {
        /// 3x3 with 256 channels, as in heads and pyramids.
        case convolution3x3
        /// 3x3 with 128 channels.
        case deformableConvolution
        /// Regions of 7x7 bins.
        case roiAlign
        /// Of 80 classes at all anchors.
        case focalLoss
        /// Class by class.
        case nms
        /// 32 groups of 256 channels.
        case groupNorm

        /// All names, for messages.
        package static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
    }

    package let name: Name
    /// What it is done to, in words.
    package let size: String
    package let threads: Int
    package let forward: StepBenchmark.Times
    /// nil where there is no gradient.
    package let backward: StepBenchmark.Times?
    /// Multiply-adds forward, of which the gradient takes twice as many; nil where others decide about the time.
    package let multiplyAdds: Int?
    /// Floating-point operations a second that the machine's multiply-adds reach.
    package let peakRate: Double
    package let peakMemoryMB: Double

    /// The share of the peak that a direction reaches.
    package func shareOfPeak(_ times: StepBenchmark.Times, passes: Int) -> Double? {
        multiplyAdds.map { 2 * Double($0 * passes) / times.median / peakRate }
    }

    /// - Parameters:
    ///   - batch: how many images.
    ///   - steps: how often each direction is timed.
    /// - Throws: when it was asked to stop.
    package static func run(_ name: Name, batch: Int, steps: Int, warmup: Int = 2) throws -> OperationBenchmark {
        let work = OperationWork(name, batch)
        var (forward, backward): ([Double], [Double]) = ([], [])
        let peak = measuredPeakRate(clock: MonotonicClock.seconds)
        for step in 0..<warmup + steps {
            let seconds = work.run()
            try StopRequest.check("nothing was measured; fewer --steps or a smaller --batch take less time")
            guard step >= warmup else { continue }
            forward.append(seconds.forward)
            if let own = seconds.backward { backward.append(own) }
        }
        return OperationBenchmark(
            name: name, size: work.size, threads: ThreadPool.shared.threads,
            forward: StepBenchmark.Times(forward), backward: backward.isEmpty ? nil : StepBenchmark.Times(backward),
            multiplyAdds: work.multiplyAdds,
            peakRate: max(peak, measuredPeakRate(clock: MonotonicClock.seconds)),
            peakMemoryMB: Memory.peakMegabytes())
    }
}

/// The operation with its values.
private struct OperationWork {
    typealias Leaves = [Variable<Float>]

    let size: String
    var multiplyAdds: Int?
    private var values: [Tensor<Float>] = []
    private var apply: ((Leaves) -> Variable<Float>)?
    /// In the place of an operation with a gradient.
    private var plain: (() -> Void)?

    init(_ name: OperationBenchmark.Name, _ batch: Int) {
        var random = Random(seed: 0, purpose: "benchmark.\(name.rawValue)")
        func normal(_ dimensions: Int...) -> Tensor<Float> { .normal(Shape(dimensions), from: &random) }
        switch name {
        case .convolution3x3:
            size = "[\(batch), 40, 40, 256], 3x3, 256 channels"
            multiplyAdds = batch * 1600 * 9 * 256 * 256
            values = [normal(batch, 40, 40, 256), normal(256, 3, 3, 256)]
            apply = { $0[0].convolution($0[1], nil, padding: 1) }
        case .deformableConvolution:
            size = "[\(batch), 40, 40, 128], 3x3, 128 channels"
            multiplyAdds = batch * 1600 * 9 * 128 * 128
            values = [normal(batch, 40, 40, 128), normal(128, 3, 3, 128), normal(batch, 40, 40, 18)]
            apply = { $0[0].deformableConvolution($0[1], offsets: $0[2], padding: 1) }
        case .roiAlign:
            size = "[\(batch), 80, 80, 256], 256 regions an image, 7x7"
            var rows: [Float] = []
            for image in 0..<batch {
                for _ in 0..<256 {
                    let box = Self.box(&random)
                    rows += [Float(image)] + [box.left, box.top, box.right, box.bottom].map { Float($0) }
                }
            }
            let regions = Tensor<Float>([256 * batch, 5], rows)
            values = [normal(batch, 80, 80, 256)]
            apply = { $0[0].regionAligned(regions, size: 7, scale: 0.25, samples: 2) }
        case .focalLoss:
            let places = batch * 9 * (1600 + 400 + 100 + 25 + 9)
            size = "[\(places), 80] logits"
            let labels = (0..<places).map { _ in
                random.integer(below: 100) == 0 ? Int32(random.integer(below: 80)) : -1
            }
            values = [normal(places, 80)]
            apply = { $0[0].sigmoidFocal(labels) }
        case .nms:
            size = "\(batch) times 5,000 boxes of 80 classes"
            let boxes = (0..<batch).map { _ in (0..<5000).map { _ in Self.box(&random) } }
            let scores = (0..<5000).map { _ in random.uniform() }
            let classes = (0..<5000).map { _ in Int32(random.integer(below: 80)) }
            plain = {
                for own in boxes { _ = Suppression.kept(own, scores, classes: classes, threshold: 0.5, limit: 100) }
            }
        case .groupNorm:
            size = "[\(batch), 40, 40, 256], 32 groups"
            values = [normal(batch, 40, 40, 256), normal(256), normal(256)]
            apply = { $0[0].groupNorm(groups: 32, scale: $0[1], shift: $0[2]) }
        }
    }

    /// Of 16 to 160 pixels within 320.
    private static func box(_ random: inout Random) -> Box {
        let (width, height) = (random.uniform(16, 160), random.uniform(16, 160))
        let (left, top) = (random.uniform(0, 320 - width), random.uniform(0, 320 - height))
        return Box(left: left, top: top, right: left + width, bottom: top + height)
    }

    /// Seconds of both directions, once.
    func run() -> (forward: Double, backward: Double?) {
        let begin = MonotonicClock.seconds()
        guard let apply else {
            plain?()
            return (MonotonicClock.seconds() - begin, nil)
        }
        let tape = Tape<Float>()
        let result = apply(values.map { tape.leaf($0) })
        let middle = MonotonicClock.seconds()
        let cotangent = Tensor<Float>(result.shape, repeating: 1)
        let start = MonotonicClock.seconds()
        tape.backward(from: result, cotangent: cotangent)
        return (middle - begin, MonotonicClock.seconds() - start)
    }
}
