import Checkpoints
import Datasets
import Layers
import Reporting
import Tensors

// What is looked at before the first update: recipes that would train without a chance, and what a user should know.
extension TrainingRun {
    /// Batch norms must have more than one value per channel to take a mean and a deviation of.
    ///
    /// With a single one every value becomes 0 and the running variance sinks towards 0, so that the model learns nothing
    /// and is useless in evaluation.
    func checkBatchNorm() throws {
        let training = recipe.training
        let part = training.smallestPart(of: data.splits.train.count)
        guard part == 1 else { return }
        let root = try model.trace(height: data.plan.height, width: data.plan.width)
        guard let name = single(root) else { return }
        let cause: String
        let advice: String
        if training.partSize == 1 {
            let isAccumulating = training.accumulation > 1
            cause =
                isAccumulating
                ? "training.accumulation \(training.accumulation) cuts training.batchSize \(training.batchSize) into "
                    + "single images"
                : "training.batchSize is 1"
            advice =
                isAccumulating
                ? "lower training.accumulation to \(max(1, training.batchSize / 2)) or less"
                : "raise training.batchSize"
        } else {
            cause =
                "the last part of \(data.splits.train.count) images in batches of \(training.batchSize) is a single image"
            advice = "set training.dropLast to true or choose another training.batchSize"
        }
        throw RecipeError(
            "\(cause), but at \(data.plan.height)x\(data.plan.width) the BatchNorm \(name) has a map of one pixel, so its "
                + "statistics would be of a single value; \(advice), enlarge data.imageSize, or choose a model with layer "
                + "norm (hornet, convnext)")
    }

    /// The first batch norm that sees one value per channel and image, and takes statistics of it.
    private func single(_ node: ModelTrace.Node) -> String? {
        if let found = node.batchStatistics, found.values == 1,
            store.isTrainable[found.gain.index] || store.isTrainable[found.bias.index]
        {
            let name = store.list.entries[found.gain.index].name
            return name.hasSuffix(".weight") ? String(name.dropLast(7)) : name
        }
        return node.children.lazy.compactMap { self.single($0) }.first
    }

    /// What was decided, or should be known, one sentence each.
    static func notices(_ recipe: Recipe, _ data: PreparedData) -> [String] {
        var notices = recipe.notices
        if let notice = fewUpdates(recipe.training, count: data.splits.train.count) { notices.append(notice) }
        if data.splits.validation == nil, recipe.training.earlyStopping > 0 {
            notices.append("There is no validation part, so training.earlyStopping has no effect.")
        }
        if data.splits.test == nil, recipe.reporting.testEveryEpoch {
            notices.append("There is no test part, so reporting.testEveryEpoch has no effect.")
        }
        if recipe.training.precision == .bf16, !ProductPrecision.hasBFloat16 {
            notices.append("This processor has no bfloat16 products (AVX512-BF16), so training.precision is fp32 here.")
        }
        return notices
    }

    /// With fewer updates an epoch a run needs many epochs to get anywhere.
    static let fewUpdates = 20

    /// Says how few updates an epoch has, what is left out, and which batch size would do better.
    package static func fewUpdates(_ training: TrainingSection, count: Int) -> String? {
        let size = training.batchSize
        let drops = training.dropsLast(of: count) && count >= size
        let updates = count < size ? min(1, count) : drops ? count / size : (count + size - 1) / size
        guard count > 0, updates < fewUpdates else { return nil }
        let left = drops ? count % size : 0
        let better = betterBatchSize(count, below: size)
        // Small batches of few images: there is nothing to be gained.
        guard better != nil || left * 20 > count else { return nil }
        var sentence =
            count < size
            ? "The training set has \(count) images, fewer than training.batchSize (\(size)), so every epoch is one short "
                + "batch"
            : "An epoch of \(count) images in batches of \(size) has \(updates) \(updates == 1 ? "update" : "updates")"
        if left > 0 {
            sentence +=
                ", and \(left) images (\(NumberText.fixed(100 * Double(left) / Double(count), decimals: 0)) %) are left "
                + "out of each (training.dropLast)"
        }
        if let better { sentence += "; training.batchSize=\(better) would give \((count + better - 1) / better)" }
        return sentence + "."
    }

    /// The largest power of two that gives enough updates, but not below what few images need for a steady gradient.
    private static func betterBatchSize(_ count: Int, below size: Int) -> Int? {
        let least = count >= 128 ? 16 : count >= 32 ? 8 : 4
        var better = 4096
        while better > least, count / better < fewUpdates { better /= 2 }
        return better < size ? better : nil
    }

    /// The disk must hold three files of weights and two saved states, the second of which is written before the first one
    /// goes.
    func checkRoom(_ directory: RunDirectory) throws {
        let copies = 1 + (validationLoader == nil ? 0 : 1) + (step.average == nil ? 0 : 1)
        let arrays = copies + step.optimizer.stateArrays.count
        let numbers = (2 * arrays + copies + 1).multipliedSaturating(by: store.list.flatCount)
        try DiskSpace.check(directory.path, needed: numbers.multipliedSaturating(by: 4).addingSaturating(1 << 16))
    }

    /// A saved state belongs to epochs of as many batches as this run has.
    func checkBatches(_ progress: RunProgress, _ path: String) throws {
        let batches = trainLoader.batchCount
        guard progress.update != progress.epoch * batches + progress.batch || progress.batch > batches else { return }
        throw RecipeError(
            "the run in \(path) was started with another number of batches an epoch than \(batches), which is what "
                + "training.dropLast: \(recipe.training.dropLast.rawValue) gives; set it to true or false as it was, or "
                + "start anew with --overwrite")
    }

    /// About how much memory the run holds at most.
    public func memoryEstimate() throws -> MemoryEstimate {
        try MemoryEstimate(
            recipe, model: model, trace: model.trace(height: data.plan.height, width: data.plan.width), data: data)
    }

    /// Parameters that are trained, of how many.
    public var trainableCount: (trained: Int, all: Int) {
        let counts = model.parameters.entries.indices.map { index in
            (store.isTrainable[index], model.parameters.entries[index].shape.elementCount)
        }
        return (counts.reduce(0) { $0 + ($1.0 ? $1.1 : 0) }, counts.reduce(0) { $0 + $1.1 })
    }
}
