import Datasets
import Layers
import Reporting
import Tensors

/// Compares enlarged images with the true ones and with those that bicubic interpolation makes.
public struct SuperResolutionEvaluator: Evaluator {
    private let task: SuperResolutionTask
    private let options: EvaluationOptions
    private var findings = SuperResolutionFindings()
    private var loss = 0.0
    private var values = 0
    private var images = 0
    private var sums = [0.0, 0, 0, 0]
    /// Images whose answers are kept, whatever they are.
    private let fixed: Set<Int>

    /// How many of the best, the worst and the fixed images are kept.
    private static let kept = 6
    private static let fixedCount = 4

    init(_ task: SuperResolutionTask, _ options: EvaluationOptions) {
        self.task = task
        self.options = options
        let count = min(Self.fixedCount, options.images)
        fixed = Set((0..<count).map { (2 * $0 + 1) * options.images / (2 * count) })
    }

    /// Answers at the size of the model's input; images in their own size come by `measure`. The small images, which a
    /// batch holds normalised, are those that become of the large ones.
    public mutating func add(_ output: ModelOutput<Float>, _ batch: Batch<Pictures>) throws {
        let (size, values) = (batch.targets.size, output.answer[0].value.array)
        let count = 3 * size.height * size.width
        let samples = (0..<batch.count).map { row in
            let truth = batch.targets[row]
            let own = values[row * count..<(row + 1) * count]
            let small = truth.resized(
                to: Pair(size.height / task.scale, size.width / task.scale), filter: .bicubic)
            let answer = Enlarger.Answer(
                image: Image(colors: own, size),
                loss: zip(own, truth.pixels).reduce(0) { $0 + task.distance($1.0 - Float($1.1) / 255) })
            let sample = SampleReader<Picture>.Sample(
                index: batch.indices[row], image: small, annotation: Picture(truth, scale: task.scale))
            return (sample, answer)
        }
        try add(samples)
    }

    /// Adds the answers to some images, which are compared on all threads.
    /// - Throws: `RecipeError` for colors that are not finite, or what writing a row throws.
    mutating func add(_ samples: [(SampleReader<Picture>.Sample, Enlarger.Answer)]) throws {
        var compared = [(own: PictureComparison, bicubic: PictureComparison, image: Image)?](
            repeating: nil, count: samples.count)
        let border = task.scale
        compared.withUnsafeMutableBufferPointer { compared in
            let places = Places(compared)
            parallelFor(samples.count, grain: 1) { range in
                for index in range {
                    let (sample, answer) = samples[index]
                    let truth = Luma(sample.annotation.image, border: border)
                    let bicubic = sample.image.resized(to: sample.annotation.image.size, filter: .bicubic)
                    places.start[index] = (
                        PictureComparison(Luma(answer.image, border: border), truth),
                        PictureComparison(Luma(bicubic, border: border), truth), bicubic
                    )
                }
            }
        }
        for ((sample, answer), found) in zip(samples, compared) {
            guard let found else { continue }
            try add(sample, answer, found.own, found.bicubic, found.image)
        }
    }

    private mutating func add(
        _ sample: SampleReader<Picture>.Sample, _ answer: Enlarger.Answer, _ own: PictureComparison,
        _ bicubic: PictureComparison, _ plain: Image
    ) throws {
        if options.isComplete, !answer.loss.isFinite {
            throw RecipeError(
                "\(options.name(sample.index)): the model's outputs are not finite, so its weights or its input are beyond use"
            )
        }
        loss += answer.loss
        values += answer.image.pixels.count
        images += 1
        let measured = [
            own.peakSignalToNoise, own.structuralSimilarity, bicubic.peakSignalToNoise, bicubic.structuralSimilarity,
        ]
        for (index, value) in measured.enumerated() { sums[index] += value }
        if let row = options.row {
            if images == 1 { try row(["path"] + task.metrics.map(\.name)) }
            try row([options.name(sample.index)] + measured.map { CSV.number(Float($0)) })
        }
        guard options.mistakes > 0 || fixed.contains(sample.index) else { return }
        func make() -> SuperResolutionFindings.Answer {
            SuperResolutionFindings.Answer(
                index: sample.index, gain: own.peakSignalToNoise - bicubic.peakSignalToNoise,
                peakSignalToNoise: own.peakSignalToNoise, bicubic: bicubic.peakSignalToNoise,
                small: sample.image, pictures: [plain, answer.image, sample.annotation.image])
        }
        if fixed.contains(sample.index) { findings.fixed.append(make()) }
        if options.mistakes > 0 {
            Self.keep(make, own.peakSignalToNoise, &findings.worst, isBefore: <)
            Self.keep(make, own.peakSignalToNoise, &findings.best, isBefore: >)
        }
    }

    private static func keep(
        _ answer: () -> SuperResolutionFindings.Answer, _ value: Double,
        _ list: inout [SuperResolutionFindings.Answer], isBefore: (Double, Double) -> Bool
    ) {
        let place = list.firstIndex { isBefore(value, $0.peakSignalToNoise) } ?? list.count
        guard place < kept else { return }
        list.insert(answer(), at: place)
        if list.count > kept { list.removeLast() }
    }

    /// The means over the images.
    /// - Throws: `RecipeError` where there was none.
    public mutating func finish() throws -> SuperResolutionFindings {
        guard images > 0 else { throw RecipeError("there is nothing to measure: no image was given") }
        findings.scores = Scores(
            loss: loss / Double(values), count: images,
            values: zip(task.metrics, sums).map { Scores.Value(metric: $0, value: $1 / Double(images)) })
        return findings
    }
}

/// What an evaluation of super-resolution found.
public struct SuperResolutionFindings: TaskFindings {
    /// The answer to one image, kept for the report: the middle of it.
    public struct Answer: Sendable, Equatable {
        /// The image's index in the data set.
        public let index: Int
        /// By how many decibels the model is nearer than bicubic interpolation.
        public let gain: Double
        /// In decibels, of the whole image.
        public let peakSignalToNoise: Double
        /// The same of bicubic interpolation.
        public let bicubic: Double
        /// The small image with each pixel as a square, what bicubic interpolation makes of it, what the model makes of it,
        /// and the true image; all of one size.
        public let pictures: [Image]

        /// The longest side of a picture that is kept.
        static let side = 192

        /// - Parameters:
        ///   - small: the whole small image.
        ///   - pictures: the whole large ones: bicubic, the model's, the true one.
        init(
            index: Int, gain: Double, peakSignalToNoise: Double, bicubic: Double, small: Image, pictures: [Image]
        ) {
            (self.index, self.gain, self.peakSignalToNoise, self.bicubic) = (index, gain, peakSignalToNoise, bicubic)
            let scale = max(1, pictures[0].height / small.height)
            self.pictures =
                [small.middle(side: Self.side / scale, enlarged: scale)]
                + pictures.map { $0.middle(side: Self.side / scale * scale, step: scale) }
        }
    }

    /// The loss per color and the task's metrics.
    public internal(set) var scores = Scores(loss: 0, count: 0, [:])
    /// The images that came nearest to the true ones, best first.
    public internal(set) var best: [Answer] = []
    /// Those that stayed farthest off, worst first.
    public internal(set) var worst: [Answer] = []
    /// A few images that are the same in every evaluation.
    public internal(set) var fixed: [Answer] = []
}

extension Image {
    /// The middle of the image, of at most this side, in color.
    /// - Parameters:
    ///   - step: the part begins at a multiple of it.
    ///   - enlarged: how many pixels a side become of each.
    fileprivate func middle(side: Int, step: Int = 1, enlarged: Int = 1) -> Image {
        let colored = converted(channels: 3)
        let (rows, columns) = (min(side, height), min(side, width))
        let (top, left) = ((height - rows) / 2 / step * step, (width - columns) / 2 / step * step)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(3 * rows * columns * enlarged * enlarged)
        for y in 0..<rows * enlarged {
            for x in 0..<columns * enlarged {
                let at = 3 * ((top + y / enlarged) * width + left + x / enlarged)
                pixels += colored.pixels[at..<at + 3]
            }
        }
        return Image(width: columns * enlarged, height: rows * enlarged, channels: 3, pixels: pixels)
    }
}
