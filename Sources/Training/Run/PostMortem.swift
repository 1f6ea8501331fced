import Checkpoints
import Datasets
import JSON
import Layers
import Reporting
import Tensors

/// What was known at an update that gave a number that is none: written into the run's folder, so that the reason can be
/// found without running for hours again.
struct PostMortem {
    let error: NonFiniteError
    let batch: Batch?
    let learningRate: Double

    /// Writes `post-mortem.json`; a later one replaces it.
    func write(_ run: TrainingRun, _ path: String) throws {
        try AtomicFile.write(path, json(run).text(pretty: true) + "\n")
    }

    private func json(_ run: TrainingRun) -> JSONValue {
        let images = batch.map { batch in
            batch.indices.prefix(batch.count).map { index -> JSONValue in
                [
                    "index": .integer(index), "name": .string(run.data.splits.train.name(index)),
                    "label": .integer(run.data.splits.train.label(index)),
                ]
            }
        }
        return [
            "update": .integer(error.update), "epoch": .integer(run.place.epochs + run.progress.epoch + 1),
            "what": .string(error.what), "place": .string(error.place), "learningRate": .measured(learningRate),
            "recentGradientNorms": .array(run.progress.gradientNorms.suffix(20).map { .number($0) }),
            "images": images.map { .array($0) } ?? .null,
            "input": batch.map {
                PostMortem.statistics(
                    UnsafeBufferPointer(rebasing: $0.images.prefix($0.count * $0.height * $0.width * $0.channels)))
            } ?? .null,
            "parameters": PostMortem.table(run.store, run.store.flat),
            // Of this update when its loss was finite, of the update before otherwise.
            "gradients": PostMortem.table(run.store, run.step.gradients),
        ]
    }

    /// The statistics of every parameter's part of a flat array, by name.
    private static func table(_ store: ParameterStore<Float>, _ flat: Storage<Float>) -> JSONValue {
        .object(
            store.list.entries.map { entry in
                let part = UnsafeBufferPointer(start: flat.pointer + entry.offset, count: entry.shape.elementCount)
                return .init(entry.name, statistics(part))
            })
    }

    /// Over the finite numbers: least, greatest, mean, root mean square; and how many are not finite.
    static func statistics(_ values: UnsafeBufferPointer<Float>) -> JSONValue {
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
