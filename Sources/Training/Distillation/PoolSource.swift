import Checkpoints
import Configuration
import Datasets
import Distributed
import Foundation
import Models
import Reporting
import RunLayout
import Tasks
import Tensors

/// Where a model of the pool, or the student, comes from: a weights file, or a recipe that is trained first.
struct PoolSource<C: TaskConfiguration> {
    let name: String
    /// What is said about the model, known before it is trained.
    let outline: WeightsMetadata
    /// The weights, there or to be written.
    let path: String
    /// The training, where there is no weights file yet or its folder is to be checked.
    let training: Training?

    /// A training, checked and ready.
    struct Training {
        let recipe: Recipe
        let task: C.Task
        let data: PreparedData<C.Task.Annotation>
        let folder: String
    }

    /// - Throws: one sentence when the weights are missing or foreign and there is no recipe, or the recipe is wrong.
    init(
        name: String, weights: String?, config: String?, overrides: [String], shared: [String], folder: String,
        base: String
    ) throws {
        if let given = weights, config == nil || FileManager.default.fileExists(atPath: given) {
            let weights = try PoolSource.file(given, name)
            self.init(name: name, outline: try PoolSource.metadata(of: weights, name), path: weights, training: nil)
            return
        }
        guard let config else { throw RecipeError("\(name) has neither weights nor a config") }
        let found = PoolSource.resolve(config, base: base)
        // Its own values win over nothing but the file; what must agree with the distillation comes last.
        try self.init(
            name: name, recipe: try Recipe.load(found, overrides: overrides + shared), folder: folder)
    }

    /// A model that this recipe trains in a folder.
    init(name: String, recipe: Recipe, folder: String) throws {
        // The members of a pool answer what the student is asked.
        guard let training = try PoolSource.prepared(recipe, recipe.task, folder) else {
            throw RecipeError(
                "\(name): the task of \(recipe.path) is \(type(of: recipe.task).name), expected \(C.name) as the student's"
            )
        }
        let data = training.data
        let outline = WeightsMetadata(
            specification: data.specification, vocabulary: data.vocabulary, transform: data.plan)
        self.init(name: name, outline: outline, path: folder + "/" + RunFiles.bestWeights, training: training)
    }

    /// nil for another task than the student's.
    private static func prepared<D: TaskConfiguration>(
        _ recipe: Recipe, _ configuration: D, _ folder: String
    ) throws -> Training? {
        guard isAlike(D.self) else { return nil }
        let own = try PreparedData(recipe, configuration)
        let made = try configuration.makeTask(own.vocabulary, training: own.splits.train)
        guard let task = made as? C.Task, let data = own as? PreparedData<C.Task.Annotation> else { return nil }
        return Training(recipe: recipe, task: task, data: data, folder: folder)
    }

    /// Whether models of another task may teach: of the same one, or of one that shares all but its head with it, as
    /// detectors with masks do with those without.
    private static func isAlike<D: TaskConfiguration>(_ other: D.Type) -> Bool {
        other == C.self || !C.answersAreAlike && D.Task.self == C.Task.self
    }

    /// What a model's outputs mean, in the words of the student's task where it may teach.
    static func translated(_ vocabulary: Vocabulary) -> Vocabulary {
        guard let kind = TaskRegistry.task(vocabulary.task), isAlike(kind) else { return vocabulary }
        return Vocabulary(task: C.name, classNames: vocabulary.classNames, settings: vocabulary.settings)
    }

    private init(
        name: String, outline: WeightsMetadata, path: String,
        training: Training?
    ) {
        self.name = name
        self.outline = outline
        self.path = path
        self.training = training
    }

    private static func file(_ path: String, _ name: String) throws -> String {
        do { return try Weights.file(at: path) } catch {
            throw RecipeError("the weights of \(name) cannot be used: \(error)")
        }
    }

    private static func metadata(of path: String, _ name: String) throws -> WeightsMetadata {
        do { return try WeightsMetadata.read(path) } catch {
            throw RecipeError("the weights of \(name) cannot be used: \(error)")
        }
    }

    /// A file as it is said, or beside the configuration that names it.
    private static func resolve(_ config: String, base: String) -> String {
        if config.hasPrefix("/") || FileManager.default.fileExists(atPath: config) { return config }
        let beside = (base.split(separator: "/", omittingEmptySubsequences: false).dropLast() + [Substring(config)])
            .joined(separator: "/")
        return FileManager.default.fileExists(atPath: beside) ? beside : config
    }

    /// Whether a training has still to be run or continued.
    func needsTraining() throws -> Bool {
        guard training != nil else { return false }
        return try ProcessGroup.current.decided { try isUnfinished() }
    }

    private func isUnfinished() throws -> Bool {
        guard let training else { return false }
        guard let finished = try FinishedRun(in: training.folder, training.recipe) else { return true }
        if let warning = finished.warning {
            throw RecipeError("\(name): \(warning); remove that folder, or give the values it was trained with")
        }
        return false
    }

    /// Trains what is missing; an interrupted training goes on.
    /// - Returns: the seconds that it took.
    func train(_ console: Console, _ agenda: Agenda) throws -> Double {
        guard let training, try needsTraining() else { return 0 }
        console.line("\(agenda.heading) training it first, in \(training.folder)")
        let run = try TrainingRun(
            training.recipe, data: training.data, task: training.task, console: console, agenda: agenda)
        var directory: RunDirectory?
        let isFresh = try ProcessGroup.current.decided {
            let opened = try RunDirectory(training.folder, mode: .resume)
            directory = opened
            return opened.isFresh
        }
        let summary = try run.run(in: directory, resuming: !isFresh)
        if let part = summary.resultPart, let value = summary.result?.primary {
            console.line("\(agenda.heading) \(part.rawValue) \(summary.metric.title) \(summary.metric.text(value))")
        }
        return summary.cost.seconds
    }

    /// Multiply-adds of an image, forward.
    func multiplyAdds() throws -> Double {
        let (height, width) = (outline.transform.height, outline.transform.width)
        return Double(
            try outline.specification.makeModel(height: height, width: width).trace(height: height, width: width)
                .multiplyAdds)
    }
}
