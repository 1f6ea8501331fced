import Datasets
import Distributed
import Tasks

/// The batches of a run's parts.
struct RunLoaders<Task: LearningTask> {
    typealias Loader = BatchLoader<Task.TargetCollator>

    let train: Loader
    let validation: Loader?
    /// `nil` where the data has no test part; results are then of the validation part.
    let test: Loader?

    /// - Parameters:
    ///   - epochs: of training before this recipe's.
    ///   - ranks: the processes that share the training batches.
    init(
        _ recipe: Recipe, _ data: PreparedData<Task.Annotation>, _ task: Task, after epochs: Int = 0,
        ranks: ProcessGroup = .alone()
    ) throws {
        let measuring = task.collator(training: false)
        train = try data.loader(
            data.splits.train, task.collator(training: true), recipe, training: true, after: epochs,
            share: (ranks.rank, ranks.size))
        validation = try data.splits.validation.map { try data.loader($0, measuring, recipe, training: false) }
        test = try data.splits.test.map { try data.loader($0, measuring, recipe, training: false) }
        guard train.batchCount > 0 else { throw RecipeError("\(recipe.data.path): there are no training images") }
    }

    /// The part that results are of, `nil` where nothing but training images is there.
    var result: (part: ResultPart, loader: Loader)? {
        if let test { return (.test, test) }
        return validation.map { (.validation, $0) }
    }
}
