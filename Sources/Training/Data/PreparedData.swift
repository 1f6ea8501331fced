// Data: what a recipe makes of its data before a run: parts, plan, normalization, classes.

import Datasets
import Models
import RunLayout
import Tasks
import Tensors

/// A recipe's data, opened and split, with the transforms that bring it to the model's input.
package struct PreparedData<Annotation: Datasets.Annotation>: Sendable {
    package let splits: DatasetSplits<Annotation>
    package let plan: TransformPlan
    /// Names for all outputs of the model; outputs beyond the data's classes are numbered.
    package let vocabulary: Vocabulary
    /// The model with classes, channels and filter sizes filled in from the data.
    package let specification: ModelSpecification
    /// What a user should know, one sentence each.
    package let notices: [String]
    /// Those of `notices` that tell how images are brought to the model's input.
    package let imageNotices: [String]
    /// The group of each image, for epochs that show every group equally often; nil where they need not.
    private let groups: (@Sendable (any AnnotatedDataset<Annotation>) throws -> [Int])?

    /// Whether batches of training are of images of like shape and cut to what these need.
    let trims: Bool

    package var classNames: [String] { vocabulary.classNames }

    /// Opens the data of a recipe.
    /// - Throws: an error that names the file or key at fault.
    /// - Parameter folder: a run that is gone on with: its input size holds where the recipe gives none.
    package init<C: TaskConfiguration>(
        _ recipe: Recipe, _ task: C, resuming folder: String? = nil
    ) throws where C.Task.Annotation == Annotation {
        var recipe = recipe
        if let folder, recipe.data.imageSize == nil,
            let saved = try? WeightsMetadata.read(folder + "/" + RunFiles.lastWeights).transform
        {
            recipe.data.imageSize = [saved.height, saved.width]
        }
        let splits = try task.open(recipe.dataRequest)
        if let problem = try task.problem(splits, path: recipe.data.path) { throw RecipeError(problem) }
        try self.init(recipe, task, splits: splits)
    }

    /// The same for data that is open already.
    package init<C: TaskConfiguration>(
        _ recipe: Recipe, _ task: C, splits: DatasetSplits<Annotation>
    ) throws where C.Task.Annotation == Annotation {
        var data = recipe.data.fitted(for: C.self)
        var splits = splits
        if let count = data.trainingImages {
            try splits.keepTrainingImages(count, path: data.path) { try C.groups($0) }
        }
        let shapes = try ImageShapes(of: splits.train)
        if let given = task.input?.size {
            if let size = data.imageSize, size != [given.height, given.width] {
                throw RecipeError(
                    "data.imageSize is \(size), but \(C.name) has an input of \(given) by its own keys of data; leave it out"
                )
            }
            data.imageSize = [given.height, given.width]
        }
        if let given = task.input?.channels, let channels = recipe.model.inputChannels, channels != given {
            throw RecipeError(
                "model.inputChannels is \(channels), but \(C.name) works on \(given) channels; leave it out")
        }
        let (height, width, sizeNotice) = Self.inputSize(data, shapes)
        let channels = recipe.model.inputChannels ?? task.input?.channels ?? shapes.channels
        var specification = recipe.model.specification
        let names = try data.names(of: splits.classNames)
        let classes = names.count
        if let given = recipe.model.classes, given < classes {
            throw RecipeError("model.classes is \(given), but \(data.path) has \(classes) classes")
        }
        if specification.head == nil { specification.head = task.head(classes: recipe.model.classes ?? classes) }
        specification.classes = recipe.model.classes ?? classes
        specification.inputChannels = channels
        if specification.neck == nil { specification.neck = task.neck }
        let allNames = names + (classes..<specification.classes).map { "class \($0)" }
        let groups: @Sendable (any AnnotatedDataset<Annotation>) throws -> [Int] = { try C.groups($0) }
        self.groups = data.sampling == .balanced ? groups : nil
        if let problem = data.evaluationProblem(height: height, width: width) { throw RecipeError(problem) }
        let normalization = try Self.normalization(data, splits, height: height, width: width, channels: channels)
        self.splits = splits
        self.plan = try task.adapted(
            data.plan(height: height, width: width, channels: channels, normalization: normalization))
        if let problem = plan.problem { throw RecipeError("data: \(problem)") }
        specification = try specification.resolved(height: height, width: width)
        self.specification = specification
        vocabulary = Vocabulary(
            task: C.name, classNames: allNames,
            settings: task.settings(
                classNames: allNames, of: splits.train, model: specification, size: Pair(height, width)))
        // Images that fill the input leave nothing to be cut off.
        let leavesRoom = shapes.counts.count > 1 || !data.geometry.objects.shortSides.isEmpty
        let canTrim =
            C.fitsWholeImages && data.sampling != .balanced && data.augmentations.repeats == 1
            && (try? specification.headTaps(height: min(32, height), width: min(32, width))) != nil
        let wantsTrim = data.geometry.objects.trimBatches
        if wantsTrim == .on, !canTrim {
            throw RecipeError(
                "data.trimBatches is true, but batches are only cut for objects in boxes, data.sampling: shuffled, data.repeats: 1 and models "
                    + "that take images of any size, expected auto or false")
        }
        trims = canTrim && (leavesRoom || wantsTrim == .on) && wantsTrim != .off
        imageNotices =
            [sizeNotice].compactMap { $0 }
            + (C.evaluatesWholeImages
                ? [] : Self.croppingNotice(data, shapes, height: height, width: width))
        var notices = splits.notices + imageNotices
        if specification.classes > classes {
            notices.append(
                "model.classes is \(specification.classes), but \(data.path) has \(classes) classes; the other outputs stay "
                    + "unused.")
        }
        let standIn = data.augmentations.augMix > 0 ? "augMix" : data.trivialAugment ? "trivialAugment" : "randAugment"
        if data.randAugment != nil || standIn != "randAugment", data.colorJitter.contains(where: { $0 > 0 }) {
            notices.append("data.\(standIn) changes colours, so data.colorJitter has no effect.")
        }
        self.notices = notices
    }

    private static func inputSize(
        _ data: DataSection, _ shapes: ImageShapes
    ) -> (height: Int, width: Int, notice: String?) {
        if let size = data.imageSize { return (size[0], size[1], nil) }
        let size = InputSize(for: shapes)
        return (size.height, size.width, size.notice)
    }

    /// Says what cutting costs where the median image loses more than a tenth.
    private static func croppingNotice(
        _ data: DataSection, _ shapes: ImageShapes, height: Int, width: Int
    ) -> [String] {
        guard let cost = CroppingCost(shapes, fit: data.fit, width: width, height: height), cost.median > 0.1 else {
            return []
        }
        func percent(_ part: Double) -> String { "\(Int((100 * part).rounded())) %" }
        let subject = data.augmentation == .resizedCrop ? "In evaluation images are cut" : "Images are cut"
        return [
            "\(subject): on average \(percent(cost.mean)), at most \(percent(cost.largest)) of an image is lost "
                + "(data.fit: pad and stretch keep all of it)."
        ]
    }

    private static func normalization(
        _ data: DataSection, _ splits: DatasetSplits<Annotation>, height: Int, width: Int, channels: Int
    ) throws -> Normalization {
        guard let mean = data.mean, let deviation = data.deviation else {
            return try .measured(on: splits.train, width: width, height: height, channels: channels, fit: data.fit)
        }
        func spread(_ values: [Double], _ key: String) throws -> [Float] {
            if values.count == channels { return values.map { Float($0) } }
            if values.count == 1 { return Array(repeating: Float(values[0]), count: channels) }
            throw RecipeError("data.\(key) has \(values.count) values, but the model's input has \(channels) channels")
        }
        return Normalization(mean: try spread(mean, "mean"), deviation: try spread(deviation, "deviation"))
    }

    /// Batches of a part of the data, with targets as the collator makes them.
    /// - Parameters:
    ///   - fills: whether all batches have the input's size.
    ///   - epochs: of training before this recipe's.
    ///   - share: of each batch, where several processes share it.
    func loader<C: Collator>(
        _ dataset: any AnnotatedDataset<Annotation>, _ collator: C, _ recipe: Recipe, training: Bool,
        fills: Bool = false, after epochs: Int = 0, share: (index: Int, count: Int) = (0, 1)
    ) throws -> BatchLoader<C> where C.Annotation == Annotation {
        var options = LoaderOptions(
            batchSize: training ? recipe.training.batchSize : recipe.training.evaluationBatchSize,
            seed: UInt64(recipe.run.seed), shuffles: training,
            dropsLast: training && recipe.training.dropsLast(of: dataset.count),
            threads: recipe.training.loaderThreads, cacheBudget: recipe.data.cacheMegabytes << 20,
            groups: training ? try groups?(dataset) : nil)
        if training, trims, !fills { options.trimming = try .init(of: dataset) }
        options.share = share
        if training { options.repeats = recipe.data.augmentations.repeats }
        let objects = recipe.data.geometry.objects
        if training, objects.mosaic > 0 {
            options.mosaic = Mosaic(
                probability: objects.mosaic, end: epochs + objects.mosaicEnd(epochs: recipe.training.epochs),
                filter: recipe.data.filter, fill: plan.normalization.meanColor)
        }
        return BatchLoader(
            dataset, transform: try Transform(plan, mode: training ? .training : .evaluation), collator: collator,
            options: options)
    }
}

extension Recipe {
    /// What is asked of the data.
    package var dataRequest: DataRequest {
        DataRequest(
            path: data.path, validation: data.validation, seed: UInt64(run.seed), onBroken: data.onBroken,
            packedMegabytes: data.packedMegabytes)
    }
}

extension DataSection {
    /// The classes' names: those that are given, or those of the data.
    package func names(of found: [String]) throws -> [String] {
        guard let classNames else { return found }
        guard classNames.count == found.count else {
            throw RecipeError("data.classNames has \(classNames.count) names, but \(path) has \(found.count) classes")
        }
        return classNames
    }
}
