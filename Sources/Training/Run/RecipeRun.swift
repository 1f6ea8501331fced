import Checkpoints
import Layers
import Reporting
import Tasks
import Tensors

/// A run of a recipe, of whatever task.
public protocol RecipeRun: AnyObject {
    /// What is run.
    var recipe: Recipe { get }
    /// What learns.
    var model: any FeatureModel { get }
    /// What was decided for the user, one sentence each.
    var notices: [String] { get }
    /// What the run is about, name and value, for a table.
    var facts: [(name: String, text: String)] { get throws }
    /// Who made the data, where the program ships it.
    var attribution: String? { get }

    /// Trains to the end and writes the results into the folder, from the state saved there when `resuming`.
    /// - Parameter forced: whether a run goes on even though its configuration has changed.
    func run(in directory: RunDirectory, resuming: Bool, forced: Bool) throws -> Summary
    /// Refuses what `run` would refuse about a saved state, and changes nothing.
    /// - Parameter forced: whether a changed configuration is no reason to refuse.
    /// - Returns: what is changed all the same, one sentence, nil where nothing was changed or saved.
    func checkResumption(in path: String, forced: Bool) throws -> String?
    /// About how much memory the run holds at most, in words.
    var memory: String { get throws }
    /// Makes single updates with learning rates as they come, batch after batch and epoch after epoch; nothing is written.
    /// - Parameter body: is given what makes an update and returns its loss.
    func withUpdates<R>(_ body: (_ update: (_ index: Int, _ learningRate: Double) throws -> Double) throws -> R) throws
        -> R
}

extension RecipeRun {
    /// The same for a recipe that has not changed.
    public func run(in directory: RunDirectory, resuming: Bool) throws -> Summary {
        try run(in: directory, resuming: resuming, forced: false)
    }
}

extension Recipe {
    /// Opens the data and builds the run; nothing is written, so whatever is wrong shows before an earlier run's files are
    /// touched.
    /// - Parameter folder: a run that is gone on with: its input size holds where the recipe gives none.
    /// - Throws: one sentence that names the file or key at fault.
    public func makeRun(resuming folder: String? = nil, console: Console) throws -> any RecipeRun {
        try makeRun(resuming: folder, console: console, agenda: nil)
    }

    func makeRun(resuming folder: String? = nil, console: Console, agenda: Agenda?) throws -> any RecipeRun {
        let configuration: any TaskConfiguration = task
        return try makeRun(of: configuration, resuming: folder, console: console, agenda: agenda)
    }

    private func makeRun<C: TaskConfiguration>(
        of configuration: C, resuming folder: String?, console: Console, agenda: Agenda?
    ) throws -> any RecipeRun {
        let data = try PreparedData(self, configuration, resuming: folder)
        let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
        return try TrainingRun(self, data: data, task: task, console: console, agenda: agenda)
    }
}

extension TrainingRun: RecipeRun {
    /// Who made the data, where the program ships it.
    public var attribution: String? { data.splits.attribution }

    /// Data, input and model, and how much of the model is trained where that is not all; throws what tracing the
    /// model does.
    public var facts: [(name: String, text: String)] {
        get throws {
            let plan = data.plan
            let trace = try model.trace(height: plan.height, width: plan.width)
            let counts = model.parameters.entries.indices.map { index in
                (isTrained: store.isTrainable[index], count: model.parameters.entries[index].shape.elementCount)
            }
            let (trained, all) = counts.reduce((0, 0)) { ($0.0 + ($1.isTrained ? $1.count : 0), $0.1 + $1.count) }
            let rows = [
                ("data", "\(recipe.data.path): \(data.splits.summary)"),
                ("input", "\(plan.height)x\(plan.width), \(plan.channels == 1 ? "grey" : "colour")"),
                (
                    "model",
                    "\(recipe.model.name), \(NumberText.grouped(model.parameters.parameterCount)) parameters, "
                        + "\(NumberText.grouped(trace.multiplyAdds)) multiply-adds per image"
                ),
            ]
            guard trained < all else { return rows }
            return rows + [
                ("trains", "\(NumberText.grouped(trained)) of \(NumberText.grouped(all)) parameters")
            ]
        }
    }

    package var memory: String {
        get throws {
            let trace = try model.trace(height: data.plan.height, width: data.plan.width)
            return MemoryEstimate(recipe, model: model, trace: trace, data: data).text
        }
    }

    /// Updates of the run's own weights, over the training images in the order of its epochs.
    /// - Throws: `RecipeError` where there are no training images, `DatasetError` for one that cannot be read.
    public func withUpdates<R>(
        _ body: (_ update: (_ index: Int, _ learningRate: Double) throws -> Double) throws -> R
    ) throws -> R {
        var epoch = 0
        loaders.train.start(epoch: 0)
        defer { loaders.train.stop() }
        return try body { index, rate in
            var next = try loaders.train.next()
            if next == nil {
                epoch += 1
                loaders.train.start(epoch: epoch)
                next = try loaders.train.next()
            }
            guard let batch = next else { throw RecipeError("\(recipe.data.path): there are no training images") }
            return try step(batch, update: index, learningRate: rate).loss
        }
    }
}
