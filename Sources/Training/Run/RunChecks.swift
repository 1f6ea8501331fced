import Checkpoints
import Datasets
import Layers
import Reporting
import Tasks
import Tensors

// What is looked at before the first update: recipes that would train without a chance, and what a user should know.
package enum RunChecks {
    /// Batch norms must have more than one value per channel to take a mean and a deviation of.
    ///
    /// With a single one every value becomes 0 and the running variance sinks towards 0, so that the model learns nothing
    /// and is useless in evaluation.
    /// - Parameter count: of the training images.
    static func batchNorm(
        _ training: TrainingSection, count: Int, _ plan: TransformPlan, _ model: any FeatureModel,
        _ store: ParameterStore<Float>
    ) throws {
        guard training.smallestPart(of: count) == 1,
            let name = single(try model.trace(height: plan.height, width: plan.width), store)
        else { return }
        let cause: String
        let advice: String
        if training.batchSize == 1 {
            (cause, advice) = ("training.batchSize is 1", "raise training.batchSize")
        } else if training.pieces.smallest(of: training.batchSize) == 1 {
            let half = training.batchSize / 2
            let (key, value, most) =
                training.partSize == 1
                ? ("accumulation", training.accumulation, half)
                : ("slices", training.slices, BatchPieces.powerOfTwo(upTo: half))
            cause =
                "training.\(key) \(value) cuts training.batchSize \(training.batchSize) into single images"
            advice = "lower training.\(key) to \(most) or less"
        } else {
            cause =
                "the last part of \(count) images in batches of \(training.batchSize) is a single image"
            advice = "set training.dropLast to true or choose another training.batchSize"
        }
        throw RecipeError(
            "\(cause), but at \(plan.height)x\(plan.width) the BatchNorm \(name) has a map of one pixel, so its "
                + "statistics would be of a single value; \(advice), enlarge data.imageSize, or choose a model with layer "
                + "norm (hornet, convnext)")
    }

    /// The first batch norm that sees one value per channel and image, and takes statistics of it.
    private static func single(_ node: ModelTrace.Node, _ store: ParameterStore<Float>) -> String? {
        if let found = node.batchStatistics, found.values == 1,
            store.isTrainable[found.gain.index] || store.isTrainable[found.bias.index]
        {
            let name = store.list.entries[found.gain.index].name
            return name.hasSuffix(".weight") ? String(name.dropLast(7)) : name
        }
        return node.children.lazy.compactMap { single($0, store) }.first
    }

    /// What was decided, or should be known, one sentence each.
    static func notices<Annotation>(_ recipe: Recipe, _ splits: DatasetSplits<Annotation>) -> [String] {
        var notices = recipe.notices
        if let notice = fewUpdates(recipe.training, count: splits.train.count) { notices.append(notice) }
        if splits.validation == nil, recipe.training.earlyStopping > 0 {
            notices.append("There is no validation part, so training.earlyStopping has no effect.")
        }
        if splits.test == nil, recipe.reporting.testEveryEpoch {
            notices.append("There is no test part, so reporting.testEveryEpoch has no effect.")
        }
        if recipe.training.precision == .bf16, let notice = BFloat16Rate.notice("training.precision: bf16") {
            notices.append(notice)
        }
        return notices
    }

    /// Says that a run of so many epochs ends before its kernels are what they are meant to be.
    package static func unsettled(_ recipe: Recipe, epochs: Int) -> String? {
        guard let settling = recipe.model.specification.backbone.annealingEpochs, Double(epochs) < settling else {
            return nil
        }
        let key = recipe.entries.contains { $0.path == "model.annealingEpochs" }
        return
            "The attentions that make the model's kernels settle over \(NumberText.fixed(settling, decimals: settling == settling.rounded() ? 0 : 1)) epochs, but "
            + "the run has \(epochs), so that it ends while they are still held back; train longer"
            + (key ? " or lower model.annealingEpochs." : ".")
    }

    /// A learning rate that waits for validation needs some.
    static func plateau(_ recipe: Recipe, validates: Bool) throws {
        guard recipe.schedule.kind == .plateau, !validates else { return }
        throw RecipeError(
            "schedule.kind plateau lowers the learning rate by what the validation part says, but there is none; set "
                + "data.validation or choose another schedule")
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

    /// The disk must hold three files of weights, those of epochs that are kept, and two saved states, the second of which
    /// is written before the first one goes.
    /// - Parameter validates: whether best weights are kept beside the last ones.
    static func room(
        _ directory: RunDirectory, for state: TrainedState, _ training: TrainingSection, validates: Bool
    ) throws {
        let copies = 1 + (validates ? 1 : 0) + (state.average == nil ? 0 : 1)
        let arrays = copies + state.optimizer.stateArrays.count
        let kept = training.keepEveryEpochs > 0 ? training.epochs / training.keepEveryEpochs : 0
        let numbers = (2 * arrays + copies + 1 + kept).multipliedSaturating(by: state.store.list.flatCount)
        try DiskSpace.check(directory.path, needed: numbers.multipliedSaturating(by: 4).addingSaturating(1 << 16))
    }

    /// A saved state belongs to epochs of as many batches as this run has.
    static func batches(_ progress: RunProgress, _ batches: Int, _ training: TrainingSection, path: String) throws {
        guard progress.update != progress.epoch * batches + progress.batch || progress.batch > batches else { return }
        throw RecipeError(
            "the run in \(path) was started with another number of batches an epoch than \(batches), which is what "
                + "training.dropLast: \(training.dropLast.rawValue) gives; set it to true or false as it was, or start "
                + "anew with --overwrite")
    }

    /// A number that is none among the values, by its name: no run could go on with it.
    static func notFinite(_ store: ParameterStore<Float>) -> String? {
        store.list.entries.enumerated().first { !store.tensor($0.offset).isFinite }?.element.name
            ?? zip(store.list.buffers, store.buffers).first { !$1.isFinite }?.0.name
    }
}
