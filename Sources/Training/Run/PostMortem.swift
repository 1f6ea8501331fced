import Datasets
import JSON
import Layers
import Reporting
import Tasks
import Tensors

/// What was known at an update that gave a number that is none, so that the reason can be found without running for hours
/// again: `post-mortem.json`.
struct PostMortem<Task: LearningTask> {
    let step: TrainingStep<Task>
    let train: any AnnotatedDataset<Task.Annotation>
    let progress: RunProgress
    /// Epochs of the stages before.
    let before: Int

    func json(_ error: NonFiniteError, _ batch: Batch<Task.Target>?, learningRate: Double) -> JSONValue {
        let images = batch.map { batch in
            batch.indices.prefix(batch.count).map { index -> JSONValue in
                let annotation = (try? train.annotation(index)).map { step.task.members(of: $0) } ?? []
                return .object(
                    [.init("index", .integer(index)), .init("name", .string(train.name(index)))] + annotation)
            }
        }
        let list = step.state.store.list
        return [
            "update": .integer(error.update), "epoch": .integer(before + progress.epoch + 1),
            "what": .string(error.what), "place": .string(error.place), "learningRate": .measured(learningRate),
            "recentGradientNorms": .array(progress.sums.gradientNorms.suffix(20).map { .number($0) }),
            "images": images.map { .array($0) } ?? .null,
            "input": batch.map { NumberStatistics.json($0.images.pixels) } ?? .null,
            "parameters": NumberStatistics.table(list, step.state.store.flat),
            // Of this update when its loss was finite, of the update before otherwise.
            "gradients": NumberStatistics.table(list, step.gradients),
        ]
    }
}

/// What numbers are like, for people.
enum NumberStatistics {
    /// The statistics of every parameter's part of a flat array, by name.
    static func table(_ list: ParameterList, _ flat: Storage<Float>) -> JSONValue {
        .object(
            list.entries.map { entry in
                let part = UnsafeBufferPointer(start: flat.pointer + entry.offset, count: entry.shape.elementCount)
                return .init(entry.name, json(part))
            })
    }

    /// Over the finite numbers: least, greatest, mean, root mean square; and how many are not finite.
    static func json(_ values: UnsafeBufferPointer<Float>) -> JSONValue {
        var (least, greatest, sum, squares, count) = (Float.infinity, -Float.infinity, 0.0, 0.0, 0)
        for value in values where value.isFinite {
            least = min(least, value)
            greatest = max(greatest, value)
            sum += Double(value)
            squares += Double(value) * Double(value)
            count += 1
        }
        guard count > 0 else { return ["count": .integer(values.count), "notFinite": .integer(values.count)] }
        return [
            "count": .integer(values.count), "notFinite": .integer(values.count - count),
            "least": .measured(Double(least)), "greatest": .measured(Double(greatest)),
            "mean": .measured(sum / Double(count)), "rootMeanSquare": .measured((squares / Double(count)).squareRoot()),
        ]
    }
}
