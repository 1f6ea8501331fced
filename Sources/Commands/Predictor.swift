import Checkpoints
import Datasets
import Foundation
import Layers
import Tasks
import Tensors
import Training

/// A model with what it takes to ask it about images.
struct Predictor<Task: LearningTask> {
    let weights: Weights
    let task: Task
    let options: PredictionOptions
    /// How answers are explained; nil for no explanations.
    var explanation: ExplanationOptions?

    private var plan: TransformPlan { weights.metadata.transform }

    /// As many images as go through the model at once.
    var batchSize: Int {
        task.predictsWholeImages ? 1 : max(1, min(32, (1 << 22) / (plan.height * plan.width * plan.channels)))
    }

    /// Reads images, on all threads, and predicts those that could be read.
    func predict(_ sources: [ImageSources.Source]) throws -> [Result<Prediction, PredictionFailure>] {
        if task.predictsWholeImages { return try sources.map(predictWhole) }
        let transform = try Transform(plan, mode: .evaluation)
        var read = [Result<[Float], PredictionFailure>](
            repeating: .failure(PredictionFailure(reason: "")), count: sources.count)
        read.withUnsafeMutableBufferPointer { read in
            let slots = Slots(read)
            parallelFor(sources.count, grain: 1) { range in
                for index in range { slots.set(index, Self.read(sources[index], transform)) }
            }
        }
        let sound = read.indices.filter { if case .success = read[$0] { true } else { false } }
        guard !sound.isEmpty else { return read.map { $0.flatMap { _ in .failure(PredictionFailure(reason: "")) } } }
        let pixels = sound.flatMap { index in (try? read[index].get()) ?? [] }
        let input = Tensor<Float>([sound.count, plan.height, plan.width, plan.channels], pixels)
        let found = predict(sound.map { sources[$0].name }, input)
        var answers = try found.enumerated().map { row, answer in
            try explained(answer, input.rows(row..<row + 1))
        }.makeIterator()
        return read.map { result in
            result.flatMap { _ in answers.next() ?? .failure(PredictionFailure(reason: "there is no answer")) }
        }
    }

    /// The answer with where in the image it comes from, where that is asked for.
    /// - Parameter input: [1, H, W, C].
    private func explained(
        _ answer: Result<Prediction, PredictionFailure>, _ input: Tensor<Float>
    ) throws -> Result<Prediction, PredictionFailure> {
        guard let explanation, case .success(let prediction) = answer else { return answer }
        let found = try Explainer(task, weights.model, weights.store, plan).explain(input, explanation)
        let picture = found.overlay(
            plan.normalization.bytes(input.array), width: plan.width, height: plan.height, channels: plan.channels)
        return .success(
            prediction.adding(
                [.init("explanation", found.json(class: task.vocabulary.classNames[found.classIndex]))],
                files: [.init(folder: "explanations", ending: ".png", bytes: picture)]))
    }

    /// What the model says of an image in its own size.
    private func predictWhole(_ source: ImageSources.Source) throws -> Result<Prediction, PredictionFailure> {
        switch Self.image(source) {
        case .failure(let failure): return .failure(failure)
        case .success(let image):
            do {
                let answer = try task.prediction(
                    image, name: source.name, weights.model, weights.store, plan, options)
                guard let answer else {
                    return .failure(PredictionFailure(reason: "\(source.name): there is no answer"))
                }
                guard explanation != nil else { return answer }
                let pixels = try Transform(plan, mode: .evaluation)(image)
                return try explained(answer, Tensor([1, plan.height, plan.width, plan.channels], pixels))
            } catch { return .failure(PredictionFailure(reason: "\(source.name): \(error)")) }
        }
    }

    private static func read(
        _ source: ImageSources.Source, _ transform: Transform
    ) -> Result<[Float], PredictionFailure> {
        image(source).map { transform($0) }
    }

    private static func image(_ source: ImageSources.Source) -> Result<Image, PredictionFailure> {
        do {
            switch source {
            case .file(let path): return .success(try Image(contentsOf: path))
            case .standardInput:
                var data = Data()
                while data.count <= 1 << 30, let part = try FileHandle.standardInput.read(upToCount: 1 << 20),
                    !part.isEmpty
                { data += part }
                return .success(try Image(decoding: Array(data), name: "-"))
            case .nothing(_, let reason): return .failure(PredictionFailure(reason: reason))
            }
        } catch { return .failure(PredictionFailure(reason: "\(error)")) }
    }

    /// What the model says of images [N, H, W, C].
    func predict(_ images: [String], _ input: Tensor<Float>) -> [Result<Prediction, PredictionFailure>] {
        task.predictions(
            weights.model.answer(input, weights.store), images: images, options)
    }

    /// The batch of a file, brought to our order [N, H, W, C].
    func preparedImages(_ path: String) throws -> Tensor<Float> {
        let wanted = "[images, \(plan.channels), \(plan.height), \(plan.width)]"
        guard let images = try SafetensorsFile.read(path: path)["images"] else {
            throw CheckpointError(path, "the file has no tensor `images`, expected one of \(wanted)")
        }
        guard images.shape.count == 4, images.shape[0] > 0,
            Array(images.shape.dropFirst()) == [plan.channels, plan.height, plan.width]
        else { throw CheckpointError(path, "the tensor `images` is \(Shape(images.shape)), expected \(wanted)") }
        return Tensor(Shape(images.shape), try images.floats()).transposed([0, 2, 3, 1])
    }
}

/// Places that several threads fill, each its own.
private struct Slots<Value>: @unchecked Sendable {
    private let buffer: UnsafeMutableBufferPointer<Value>
    init(_ buffer: UnsafeMutableBufferPointer<Value>) { self.buffer = buffer }
    func set(_ index: Int, _ value: Value) { buffer[index] = value }
}

extension Tensor<Float> {
    /// Some entries of the first dimension.
    func rows(_ range: Range<Int>) -> Tensor<Float> {
        let size = shape.elementCount / max(1, shape[0])
        let values = read { Array(UnsafeBufferPointer(start: $0 + range.lowerBound * size, count: range.count * size)) }
        return Tensor(shape.replacing(axis: 0, with: range.count), values)
    }
}
