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
    /// What the run is about.
    var facts: RunFacts { get }

    /// Trains to the end and writes the results into the folder, from the state saved there when `resuming`.
    /// - Parameters:
    ///   - directory: nil where another process of a job writes the folder.
    ///   - forced: whether a run goes on even though its configuration has changed.
    func run(in directory: RunDirectory?, resuming: Bool, forced: Bool) throws -> Summary
    /// Refuses what `run` would refuse about a saved state, and changes nothing.
    /// - Parameter forced: whether a changed configuration is no reason to refuse.
    /// - Returns: what is changed all the same, one sentence, nil where nothing was changed or saved.
    func checkResumption(in path: String, forced: Bool) throws -> String?
    /// What makes single updates with learning rates as they come and gives their losses; nothing is written.
    func singleUpdates() -> (_ index: Int, _ learningRate: Double) throws -> Double
}

extension RecipeRun {
    /// The same for a recipe that has not changed.
    public func run(in directory: RunDirectory?, resuming: Bool) throws -> Summary {
        try run(in: directory, resuming: resuming, forced: false)
    }
}

extension Recipe {
    /// Opens the data and builds the run; nothing is written, so whatever is wrong shows before an earlier run's files are
    /// touched.
    /// - Parameter folder: a run that is gone on with: its input size holds where the recipe gives none.
    /// - Throws: one sentence that names the file or key at fault.
    public func makeRun(resuming folder: String? = nil, console: Console) throws -> any RecipeRun {
        try makeRun(resuming: folder, console: console, agenda: nil, limit: nil)
    }

    /// - Parameters:
    ///   - agenda: of which trainings the run is one.
    ///   - limit: where it pauses before its end.
    func makeRun(
        resuming folder: String? = nil, console: Console, agenda: Agenda?, limit: RunLimit?
    ) throws -> any PausingRun {
        let configuration: any TaskConfiguration = task
        return try makeRun(of: configuration, resuming: folder, console: console, agenda: agenda, limit: limit)
    }

    private func makeRun<C: TaskConfiguration>(
        of configuration: C, resuming folder: String?, console: Console, agenda: Agenda?, limit: RunLimit?
    ) throws -> any PausingRun {
        let data = try PreparedData(self, configuration, resuming: folder)
        let task = try configuration.makeTask(data.vocabulary, training: data.splits.train)
        return try TrainingRun(self, data: data, task: task, console: console, agenda: agenda, limit: limit)
    }
}

extension TrainingRun: RecipeRun {
    /// Data, input and model, and how much of the model is trained where that is not all.
    public var facts: RunFacts { RunFacts(recipe, data, model, isTrainable: store.isTrainable) }

    /// Updates of the run's own weights, over the training images in the order of its epochs.
    public func singleUpdates() -> (_ index: Int, _ learningRate: Double) throws -> Double {
        let updates = SingleUpdates(loaders.train, step)
        return { try updates($0, learningRate: $1) }
    }
}
