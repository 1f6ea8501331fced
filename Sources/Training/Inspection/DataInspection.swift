// Inspection: what a data set holds and what a transform makes of it, for people to look at.

import Datasets
import Reporting
import Synchronization
import Tasks
import Tensors

/// What a recipe's data holds, every image decoded once.
package struct DataInspection<C: TaskConfiguration>: Sendable {
    package let format: String
    /// None where answers are no classes.
    package let classNames: [String]
    package let parts: [InspectedPart]
    package let notices: [String]
    /// Images that are there more than once.
    package let duplicates: Duplicates
    let splits: DatasetSplits<C.Task.Annotation>
    package let task: C

    package var brokenCount: Int { parts.reduce(0) { $0 + $1.broken.count } }
    package var decodedCount: Int { parts.reduce(0) { $0 + $1.decoded + $1.broken.count } }

    /// - Parameters:
    ///   - limit: how many images of each part are decoded, spread evenly; all by default.
    ///   - console: where the progress is shown, if anywhere.
    /// - Throws: when the data cannot be opened at all; images that cannot be read are counted instead.
    package init(_ recipe: Recipe, _ task: C, limit: Int? = nil, console: Console? = nil) throws {
        let data = recipe.data
        var request = recipe.dataRequest
        request.onBroken = nil
        self.task = task
        splits = try task.open(request)
        format = splits.format
        notices = splits.notices + [try task.problem(splits, path: data.path).map { $0 + "." }].compactMap { $0 }
        classNames = C.answersWithClasses ? try data.names(of: splits.classNames) : []
        let found: [(String, (any AnnotatedDataset<C.Task.Annotation>)?)] = [
            ("training", splits.train), ("validation", splits.validation), ("test", splits.test),
        ]
        let sets = found.compactMap { name, dataset in dataset.map { (name, $0) } }
        let progress = console.map {
            WorkProgress($0, "image", of: sets.reduce(0) { $0 + min(limit ?? $1.1.count, $1.1.count) })
        }
        parts = try sets.map { try Self.part($0, $1, limit, progress) }
        progress?.finish()
        try StopRequest.check("nothing was written; --limit N reads so many images of each part only")
        duplicates = try Duplicates(zip(parts, sets).map { ($0, $1.1) })
    }

    /// - Throws: as `prepared` does.
    package func fitting(_ recipe: Recipe) throws -> DataFitting {
        let data = try prepared(recipe)
        let fit = C.fitsWholeImages && recipe.data.fit == .crop ? .corner : recipe.data.fit
        let costs = parts.map { part -> CroppingCost? in
            // Windows are cut out of images that are otherwise left as they are.
            guard task.input == nil else { return nil }
            var counts: [ImageShape: Int] = [:]
            for size in part.sizes {
                counts[ImageShape(width: size.width, height: size.height, channels: 1)] = size.count
            }
            return CroppingCost(
                ImageShapes(counts), fit: fit, width: data.plan.width, height: data.plan.height)
        }
        return DataFitting(
            width: data.plan.width, height: data.plan.height, fit: fit, costs: costs, notices: data.imageNotices)
    }

    /// The data prepared as a run would, but for training images that cannot be read.
    /// - Throws: when none can be read, or when the recipe does not fit the data.
    func prepared(_ recipe: Recipe) throws -> PreparedData<C.Task.Annotation> {
        guard let train = parts.first, !train.sound.isEmpty else {
            throw RecipeError("\(recipe.data.path): none of the training images can be read")
        }
        var splits = splits
        if train.sound.count < splits.train.count {
            splits.train = SubsetDataset(splits.train, indices: train.sound)
        }
        return try PreparedData(recipe, task, splits: splits)
    }

    private static var grain: Int { 32 }

    private static func part(
        _ name: String, _ dataset: any AnnotatedDataset<C.Task.Annotation>, _ limit: Int?, _ progress: WorkProgress?
    ) throws -> InspectedPart {
        let looked = min(limit ?? dataset.count, dataset.count)
        let tally = Mutex(PartTally())
        ThreadPool.shared.run(chunks: (looked + grain - 1) / grain) { chunk in
            guard StopRequest.pending == nil else { return }
            var own = PartTally()
            for i in chunk * grain..<min(looked, (chunk + 1) * grain) {
                let index = looked == dataset.count ? i : i * dataset.count / looked
                do { own.add(try dataset.image(index), index, try dataset.fingerprint(index)) } catch {
                    own.broken.append((index, BrokenImage(name: dataset.name(index), problem: "\(error)")))
                }
            }
            tally.withLock { $0.add(own) }
            progress?.add(min(looked, (chunk + 1) * grain) - chunk * grain)
        }
        let empty = InspectedPart(
            name: name, count: dataset.count, classCounts: C.answersWithClasses ? try C.counts(dataset) : [])
        return tally.withLock { $0 }.part(empty)
    }
}

/// What bringing the images of each part to the model's input cuts off, and the notices about it.
package struct DataFitting: Sendable {
    package let width: Int
    package let height: Int
    /// How images of another shape are brought to the input.
    package let fit: ImageFit
    /// Of each part; nil where no image could be read, or where the task decides what is cut out of images.
    package let costs: [CroppingCost?]
    package let notices: [String]
}
