// Distillation: runs of several stages and their teachers; each stage is a training run through its ordinary methods.

import Checkpoints
import Datasets
import Distillation
import Distributed
import Layers
import Models
import Reporting
import Tasks
import Tensors

/// How the student is taught: by the chain, or as one of the baselines it is measured against. All of them have the same
/// student epochs and the same first bytes, and the same restarts where no stage is left out or cut short.
package enum Arm: String, CaseIterable, Sendable {
    /// Without a teacher.
    case alone = "none"
    /// By the last teacher of the order in every stage.
    case direct
    /// By all teachers of the order at once in every stage.
    case ensemble
    /// By one teacher after the other.
    case progressive
    /// Likewise, but the teachers left are asked about again for the student as it is then: `ChainReview`.
    case adaptive
}

/// How a distillation is run, beside what its configuration says.
package struct DistillationOptions {
    /// How many arms will be run, each with all its stages.
    package var arms = 1
    /// Whether a run goes on even though its configuration has changed.
    package var isForced = false
    /// Called before each update of a stage with its index in the whole run; a test throws here to stand for a crash.
    package var beforeUpdate: ((Int) throws -> Void)?

    package init() {}
}

/// A distillation: prepares student and pool, finds the order, and runs the chain or a baseline.
package final class DistillationRun<C: TaskConfiguration> {
    package let configuration: DistillationRecipe
    /// The student's recipe, its model and input as its weights have them.
    package let recipe: Recipe
    package let data: PreparedData<C.Task.Annotation>
    /// What the student learns beside its teachers.
    let task: C.Task
    package let model: any FeatureModel
    /// The pool's members, in its order.
    let pool: [PoolSource<C>]
    /// Whose trained weights the student starts with, or which the costs are measured from; `nil` where neither is needed.
    let student: PoolSource<C>?
    let console: Console
    package private(set) var teachers: [Teacher] = []
    /// The trainings of this process.
    let agenda = Agenda([])
    private(set) var trainedStudent: Teacher?
    /// Of the teachers, between two measurements of costs.
    let maps: MapStore
    package var options = DistillationOptions()
    /// Opens the data and checks everything that can be known before a training; nothing is written.
    /// - Parameter output: the run folder, below which missing models are trained.
    /// - Throws: one sentence that names the model, file or key at fault.
    package init(_ configuration: DistillationRecipe, _ task: C, output: String, console: Console) throws {
        self.configuration = configuration
        self.console = console
        maps = MapStore(megabytes: configuration.cost.cacheMegabytes)
        let base = configuration.recipe
        let shared = DistillationRun.shared(base)
        let section = configuration.student
        let needsTrained = section.start == .trained || configuration.order == nil
        if section.weights != nil || section.config != nil {
            student = try PoolSource(
                name: section.name, weights: section.weights, config: section.config, overrides: section.overrides,
                shared: shared, folder: output + "/student", base: configuration.path)
        } else {
            student =
                needsTrained ? try PoolSource(name: section.name, recipe: base, folder: output + "/student") : nil
        }
        recipe = DistillationRun.adapted(base, to: student?.outline)
        data = try PreparedData(recipe, task)
        self.task = try task.makeTask(data.vocabulary, training: data.splits.train)
        let made = try data.specification.makeModel(height: data.plan.height, width: data.plan.width)
        model = configuration.student.freezesNorms && made.backboneNorm == .batch ? made.normed(.running) : made
        let folder = configuration.pool.directory ?? output + "/pool"
        pool = try configuration.pool.members.map { member in
            try PoolSource(
                name: member.name, weights: member.weights, config: member.config, overrides: member.overrides,
                shared: shared, folder: folder + "/" + member.name, base: configuration.path)
        }
        try check()
    }

    /// What members of the pool must have in common with the distillation, the split above all: a teacher that has seen
    /// the validation images could not be judged by them.
    private static func shared(_ recipe: Recipe) -> [String] {
        let validation =
            switch recipe.data.validation {
            case .automatic: "auto"
            case .fraction(let fraction): "\(fraction)"
            case .folder(let path): path
            case .nowhere: "0"
            }
        return [
            "data.path=\(recipe.data.path)", "data.validation=\(validation)", "run.seed=\(recipe.run.seed)",
            "training.threads=\(recipe.training.threads)",
        ] + (recipe.training.slices > 1 ? ["training.slices=\(recipe.training.slices)"] : [])
    }

    /// The recipe for a student that brings its model and input with it.
    private static func adapted(_ recipe: Recipe, to outline: WeightsMetadata?) -> Recipe {
        guard let outline else { return recipe }
        var recipe = recipe
        recipe.model.specification = outline.specification
        recipe.model.classes = outline.specification.classes
        recipe.model.inputChannels = outline.specification.inputChannels
        recipe.data.imageSize = [outline.transform.height, outline.transform.width]
        recipe.data.mean = outline.transform.normalization.mean.map { Double($0) }
        recipe.data.deviation = outline.transform.normalization.deviation.map { Double($0) }
        return recipe
    }

    // MARK: Checks

    private func check() throws {
        for member in pool + (student.map { [$0] } ?? []) {
            let vocabulary = PoolSource<C>.translated(member.outline.vocabulary)
            if let difference = data.vocabulary.difference(of: vocabulary, place: recipe.data.path) {
                throw RecipeError("\(member.name) \(difference)")
            }
        }
        for member in pool where student.map({ $0.path == member.path }) ?? false {
            throw RecipeError(
                "\(member.name) is the student itself (\(member.path)), expected other models in the pool")
        }
        let own = try model.taps(height: data.plan.height, width: data.plan.width)
        let all = try pool.map { ($0.name, try DistillationRun.taps($0.outline)) }
        for (member, (name, taps)) in zip(pool, all) {
            let stage = configuration.stages.stage(for: name)
            try checkAnswers(stage, of: member)
            if StageLosses.needsPairing(stage.losses) {
                try pair("stage of \(name)") {
                    _ = try FeaturePairing(student: own, teacher: taps, named: stage.pairs)
                }
            }
        }
        if configuration.order == nil {
            for (source, sourceTaps) in all + [(configuration.student.name, own)] {
                for (target, targetTaps) in all where target != source {
                    try pair("cost from \(source) to \(target)") {
                        _ = try FeaturePairing(student: sourceTaps, teacher: targetTaps)
                    }
                }
            }
        }
    }

    private func pair(_ place: String, _ body: () throws -> Void) throws {
        do { try body() } catch { throw RecipeError("\(place): \(error)") }
    }

    private static func taps(_ outline: WeightsMetadata) throws -> [FeatureTap] {
        let (height, width) = (outline.transform.height, outline.transform.width)
        return try outline.specification.makeModel(height: height, width: width).taps(height: height, width: width)
    }

    // MARK: Preparation

    /// Trains what is missing and loads the student and the pool.
    /// - Parameter trains: whether missing members may be trained; otherwise they are an error.
    /// - Returns: the seconds of the trainings, and how many there were.
    @discardableResult
    package func prepare(trains: Bool = true) throws -> (seconds: Double, count: Int) {
        guard teachers.isEmpty else { return (0, 0) }
        var spent = (seconds: 0.0, count: 0)
        let missing = try missing()
        if trains { try plan(missing) }
        for source in missing {
            guard trains else {
                throw RecipeError("\(source.name): there are no weights at \(source.path); run `trainer distill` first")
            }
            spent.seconds += try source.train(console, agenda)
            spent.count += 1
            agenda.next()
        }
        // Each training took the threads of its own recipe.
        ThreadPool.use(recipe.training)
        trainedStudent = try student.map {
            try Teacher(configuration.student.name, Weights.read($0.path, with: ranks), plan: data.plan)
        }
        teachers = try pool.map {
            try Teacher(
                $0.name, Weights.read($0.path, with: ranks), plan: data.plan,
                precision: configuration.pool.precision?.products)
        }
        openViews()
        for teacher in teachers where ranks.size > 1 {
            try ranks.agree("the weights of the teacher \(teacher.name)", teacher.sha256)
        }
        if let trainedStudent, let same = teachers.first(where: { $0.sha256 == trainedStudent.sha256 }) {
            throw RecipeError(
                "\(same.name) has the weights of the student itself, expected other models in the pool")
        }
        return spent
    }

    /// The deciding metric in validation by model; warns of teachers below the student, refuses those below the floor.
    private func scores() throws -> [(name: String, score: Double)] {
        guard let validation = data.splits.validation else { return [] }
        let found = try (teachers + (trainedStudent.map { [$0] } ?? [])).map { teacher in
            let options = LoaderOptions(
                batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads, cacheBudget: 0)
            // Answers that are their head's own are measured by its rules.
            let task = try C.answersAreAlike ? self.task : C.task(teacher.weights.metadata.vocabulary)
            let loader = BatchLoader(
                validation, transform: try Transform(teacher.weights.metadata.transform, mode: .evaluation),
                collator: task.collator(training: false), options: options)
            let found = try task.evaluate(teacher.weights.model, teacher.weights.store, loader).checked(teacher.name)
            return (name: teacher.name, score: found.scores.primary)
        }
        let own = trainedStudent == nil ? nil : found.last?.score
        let metric = task.metrics[0]
        for (name, score) in found.prefix(teachers.count) {
            if configuration.pool.minimumScore > 0, metric.isBetter(configuration.pool.minimumScore, than: score) {
                throw RecipeError(
                    "\(name) has a validation \(metric.title) of \(metric.text(score)), "
                        + "\(metric.isHigherBetter ? "below" : "above") pool.minimumScore "
                        + metric.text(configuration.pool.minimumScore))
            }
            if let own, metric.isBetter(own, than: score) {
                console.warning(
                    "\(name) (validation \(metric.text(score))) is no better than the student (\(metric.text(own)))")
            }
        }
        return found
    }

    // MARK: Order

    /// The order of teachers, by hand or by Backward Greedy Selection.
    /// - Parameter complete: whether all costs are measured, or only those that the selection asks for.
    package func findOrder(complete: Bool = false) throws -> OrderReport {
        let scores = try scores()
        let begin = MonotonicClock.seconds()
        let name = configuration.student.name
        let chosen: TeacherOrder
        var costs: [OrderReport.Cost] = []
        var known: [String: AdaptationCost] = [:]
        func measure(_ pairs: [(source: Teacher, target: Teacher)]) throws {
            let found = try measureCosts(pairs, untilDecided: !complete)
            for (pair, cost) in zip(pairs, found) {
                known["\(pair.source.name)/\(pair.target.name)"] = cost
                costs.append(.init(source: pair.source.name, target: pair.target.name, cost: cost))
            }
        }
        let models = teachers + (trainedStudent.map { [$0] } ?? [])
        if complete {
            try measure(
                models.flatMap { source in models.filter { $0 !== source }.map { (source: source, target: $0) } })
        }
        if let order = configuration.order {
            chosen = try TeacherOrder(byHand: order, pool: pool.map(\.name), student: name)
        } else {
            guard scores.count == models.count else {
                throw RecipeError("order: bgs needs a validation part, but data.validation gives none")
            }
            let selection = try BackwardGreedySelection(
                student: name,
                teachers: scores.prefix(teachers.count).map {
                    TeacherCandidate(name: $0, score: $1, isHigherBetter: task.metrics[0].isHigherBetter)
                },
                maxTeachers: configuration.maxTeachers)
            chosen = try selection.order { sources, target in
                if !complete {
                    let goal = models.filter { $0.name == target }
                    try measure(
                        sources.flatMap { source in
                            models.filter { $0.name == source }.flatMap { s in goal.map { (source: s, target: $0) } }
                        })
                }
                return sources.compactMap { known["\($0)/\(target)"] }
            }
        }
        return OrderReport(
            order: chosen.names, decisions: chosen.decisions, costs: costs, scores: scores,
            teachers: chosen.names.compactMap { name in
                teachers.first { $0.name == name }.map { (name: name, sha256: $0.sha256) }
            }, student: name, seconds: MonotonicClock.seconds() - begin)
    }
}
