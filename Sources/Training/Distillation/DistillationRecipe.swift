import Configuration
import Distillation
import JSON
import Tasks
import Tensors

/// Everything that decides a distillation: the student's recipe, its teachers, their order and the stages.
package struct DistillationRecipe: Sendable {
    /// The student's own training, and the data, optimizer and schedule of the stages.
    package var recipe: Recipe
    package var student: StudentSection
    package var pool: PoolSection
    /// The teachers in turn; `nil` lets Backward Greedy Selection choose.
    package var order: [String]?
    /// Whether the arm that reviews the order after each stage is the one that is meant.
    package var isAdaptive: Bool
    /// The longest chain that the selection may build.
    package var maxTeachers: Int?
    package var stages: StageSchedule
    package var cost: CostSection

    /// The recipe without a teacher, where the teacher came from the command line.
    package private(set) var plain: Recipe?

    package let path: String
    package let resolvedYAML: String
    package let entries: [ConfigurationEntry]

    /// Reads a distillation configuration with overrides of the form `section.key=value`.
    /// - Throws: `ConfigurationError` with every problem that can be found without the data.
    package static func load(_ path: String, overrides: [String] = []) throws -> DistillationRecipe {
        try DistillationRecipe(ConfigurationDocument.load(path: path, overrides: overrides), path: path)
    }

    package init(_ document: ConfigurationDocument, path: String) throws {
        let read = try document.readResolved { Sections($0) }
        recipe = try Recipe(within: document, path: path)
        student = read.value.student
        pool = read.value.pool
        order = read.value.order
        isAdaptive = read.value.isAdaptive
        maxTeachers = read.value.maxTeachers
        stages = read.value.stages
        cost = read.value.cost
        self.path = path
        resolvedYAML = read.yaml
        entries = read.entries
    }

    /// Reads all keys of a distillation, which are those of a recipe and more.
    static func read(_ reader: ConfigurationReader) { _ = Sections(reader) }

    /// What a distillation says beside its recipe.
    private struct Sections {
        let student: StudentSection
        let pool: PoolSection
        let order: [String]?
        let isAdaptive: Bool
        let maxTeachers: Int?
        let stages: StageSchedule
        let cost: CostSection

        init(_ reader: ConfigurationReader) {
            let sections = Recipe.Sections(reader)
            student = reader.section("student", "The model that learns") { StudentSection($0) }
            pool = reader.section("pool", "The teachers") { PoolSection($0) }
            let words = reader.words(
                "order", default: "bgs",
                "`bgs` (chosen by adaptation cost), `adaptive` (the same, reviewed after each stage) or the teachers in turn"
            )
            maxTeachers = reader.optionalInt(
                "maxTeachers", in: 1...1000, "Longest chain; the whole pool when absent")
            var usual = StageConfiguration()
            // Answers that cannot be compared are not: the maps alone.
            let task = type(of: sections.task)
            if !task.answersAreAlike || !task.answersWithClasses { usual.losses = [LossConfiguration(.pkd)] }
            stages = StageSchedule(reader, usual: usual)
            if !task.answersWithClasses { Self.checkClasses(stages, task.name, reader) }
            cost = reader.section("cost", "How the adaptation cost is measured") { CostSection($0) }
            isAdaptive = words == ["adaptive"]
            order = words == ["bgs"] || isAdaptive ? nil : words
            let names = pool.members.map(\.name)
            if !pool.members.isEmpty {
                do {
                    _ = try TeacherOrder(byHand: order ?? [names[0]], pool: names, student: student.name)
                } catch {
                    reader.problem(order == nil ? "pool" : "order", "\(error)")
                }
                do { try stages.check(pool: names) } catch { reader.problem("stages", "\(error)") }
            }
            if order == nil, sections.data.validation == .nowhere {
                reader.section("data", "") {
                    $0.problem(
                        "validation",
                        "is 0, but order: \(isAdaptive ? "adaptive" : "bgs") measures costs on a validation part")
                }
            }
            let patient = [stages.common] + stages.byTeacher.values
            if patient.contains(where: { $0.length.patience > 0 }), sections.data.validation == .nowhere {
                reader.section("stage", "") {
                    $0.problem("patience", "needs a validation part, but data.validation is 0")
                }
            }
        }

        /// Answers that are no scores of classes cannot be compared as such.
        private static func checkClasses(_ stages: StageSchedule, _ task: String, _ reader: ConfigurationReader) {
            let named = stages.byTeacher.sorted { $0.key < $1.key }.map { ("stages", $0.value) }
            let sections = [("stage", stages.common)] + named
            for (section, stage) in sections {
                guard let loss = stage.losses.first(where: { $0.kind.usesLogits || $0.kind.usesHead }) else { continue }
                reader.problem(
                    section,
                    "the loss \(loss.kind.rawValue) compares scores of classes, which the task \(task) does not give, "
                        + "expected losses on maps (pkd, cwd, mgd, l2, at)")
                return
            }
        }
    }

    /// Whether a configuration is one of a distillation: whether it has a section `pool`.
    package static func isOne(_ path: String, overrides: [String] = []) throws -> Bool {
        try ConfigurationDocument.load(path: path, overrides: overrides).keys.contains("pool")
    }

    /// A training recipe with one teacher: the student starts from the beginning and learns from it all the time.
    package static func training(_ recipe: Recipe, teacher weights: String) throws -> DistillationRecipe {
        let document = recipe.document.adding(
            [
                "student": .mapping(["start": .text(StudentSection.Start.scratch.rawValue)]),
                "pool": .mapping([
                    "teachers": .list([.mapping(["name": .text("teacher"), "weights": .text(weights)])])
                ]),
                "order": .list([.text("teacher")]),
                "stage": .mapping(["epochs": .number(recipe.training.epochs)]),
            ], origin: "--teacher")
        var result = try DistillationRecipe(document, path: recipe.path)
        result.plain = recipe
        return result
    }
}

/// The section `student`.
package struct StudentSection: Sendable {
    package enum Start: String, CaseIterable, Sendable {
        /// From trained weights, as in the paper.
        case trained
        case scratch
    }

    package var name: String
    package var weights: String?
    package var config: String?
    package var overrides: [String]
    package var start: Start
    /// What the first stage takes over of its teacher.
    package var inherited: [InheritedPart]
    /// Whether batch norms of the backbone keep their statistics in the stages.
    package var freezesNorms: Bool

    init(_ reader: ConfigurationReader) {
        name = reader.string("name", default: "student", "What the student is called in tables")
        weights = reader.optionalPath(
            "weights", "Trained weights, a file or a run folder; trained first when absent or missing")
        config = reader.optionalPath("config", "Recipe that trains the student; this file's own when absent")
        overrides = reader.strings("set", default: [], "Values that replace those of `config`, key=value")
        start = reader.choice("start", default: .trained, "Whether stages begin with trained or with first weights")
        let words = reader.strings(
            "inherit", default: [], "What the first stage begins with of its teacher: neck, head, where they are alike")
        inherited = words.compactMap { InheritedPart(rawValue: $0) }
        let known = InheritedPart.allCases.map(\.rawValue)
        if let word = words.first(where: { !known.contains($0) }) {
            reader.problem("inherit", "found `\(word)`, expected \(known.joined(separator: " or "))")
        }
        freezesNorms = reader.bool(
            "freezeNorms", default: false,
            "Whether batch norms of the student's backbone keep their statistics in the stages")
    }
}

/// The section `pool`.
package struct PoolSection: Sendable {
    package struct Member: Sendable {
        package var name: String
        package var weights: String?
        package var config: String?
        package var overrides: [String]
    }

    package var directory: String?
    package var members: [Member]
    /// Teachers that do worse than this in validation are refused.
    package var minimumScore: Double
    package var cacheMegabytes: Int
    /// Of the teachers' products; nil for what the student's are made in, and single precision where there is no student.
    package var precision: TrainingSection.Precision?

    init(_ reader: ConfigurationReader) {
        directory = reader.optionalPath("directory", "Where trained members are kept; OUTPUT/pool when absent")
        minimumScore = reader.double(
            "minimumScore", default: 0, in: 0...1,
            "Teachers that do worse in validation, by the metric that decides, are refused; 0 = none")
        cacheMegabytes = reader.int(
            "cacheMegabytes", default: 0, in: 0...1_000_000,
            "Memory for teachers' outputs where training images are never changed; 0 = none")
        precision = reader.optionalChoice(
            "precision", of: TrainingSection.Precision.self, harmless: .fp32,
            "Matrix products of the teachers, as training.precision has them; in updates as those of the student, else fp32, "
                + "when absent")
        members = reader.list("teachers", "The members") { member in
            let result = Member(
                name: member.requiredString("name", "What the teacher is called"),
                weights: member.optionalPath("weights", "Its weights, a file or a run folder"),
                config: member.optionalPath("config", "Recipe that trains it when the weights are missing"),
                overrides: member.strings("set", default: [], "Values that replace those of `config`, key=value"))
            if result.weights == nil, result.config == nil {
                member.problem("weights", "is absent and so is config, expected one of them")
            }
            if result.name.contains("/") || result.name.hasPrefix(".") || result.name.isEmpty {
                member.problem("name", "found `\(result.name)`, expected a name without slashes")
            }
            return result
        }
        if members.isEmpty { reader.problem("teachers", "is empty, expected at least one teacher") }
    }
}

/// The section `cost`.
package struct CostSection: Sendable {
    package enum Method: String, CaseIterable, Sendable {
        /// Gram matrices and Cholesky.
        case exact
        /// Many small steps; slower, a second opinion.
        case descent
    }

    package var images: Int
    /// Of these the ones that are measured first; nil for what the task says.
    package var firstImages: Int?
    package var method: Method
    package var ridge: Double
    package var resamples: Int
    package var descentEpochs: Int
    /// The most places of each map that count; nil for what the task says.
    package var positions: Int?
    /// Memory for maps that are asked for again.
    package var cacheMegabytes: Int

    init(_ reader: ConfigurationReader) {
        images = reader.int("images", default: 5000, in: 1...100_000_000, "Training images that maps are fitted to")
        firstImages = reader.optionalInt(
            "firstImages", in: 1...100_000_000,
            "Of these, the ones measured first, and twice as many while error bars decide nothing; all when absent, of detectors 512"
        )
        method = reader.choice("method", default: .exact, "How the maps are fitted")
        ridge = reader.double("ridge", default: 1e-6, in: 1e-12...1, "Ridge of the exact fit, relative")
        resamples = reader.int("resamples", default: 200, in: 2...100_000, "Resamples of the images for error bars")
        descentEpochs = reader.int("descentEpochs", default: 100, in: 1...10_000, "Passes of the descent")
        positions = reader.optionalInt(
            "positions", in: 1...100_000_000,
            "Most places of each map that count, of larger ones a grid; all when absent, of detectors' maps 1024")
        cacheMegabytes = reader.int(
            "cacheMegabytes", default: 512, in: 0...1_000_000, "Memory for the teachers' maps between two measurements")
    }
}
