import Configuration
import Distillation
import JSON
import Tensors

/// Everything that decides a distillation: the student's recipe, its teachers, their order and the stages.
public struct DistillationRecipe: Sendable {
    /// The student's own training, and the data, optimizer and schedule of the stages.
    public var recipe: Recipe
    public var student: StudentSection
    public var pool: PoolSection
    /// The teachers in turn; `nil` lets Backward Greedy Selection choose.
    public var order: [String]?
    /// The longest chain that the selection may build.
    public var maxTeachers: Int?
    public var stages: StageSchedule
    public var cost: CostSection

    /// The recipe without a teacher, where the teacher came from the command line.
    public private(set) var plain: Recipe?

    public let path: String
    public let resolvedYAML: String
    public let entries: [ConfigurationEntry]

    /// Reads a distillation configuration with overrides of the form `section.key=value`.
    /// - Throws: `ConfigurationError` with every problem that can be found without the data.
    public static func load(_ path: String, overrides: [String] = []) throws -> DistillationRecipe {
        try DistillationRecipe(ConfigurationDocument.load(path: path, overrides: overrides), path: path)
    }

    public init(_ document: ConfigurationDocument, path: String) throws {
        let read = try document.readResolved(Self.read)
        let sections: Recipe.Sections
        (sections, student, pool, order, maxTeachers, stages, cost) = read.value
        recipe = Recipe(sections, path: path, yaml: read.yaml, entries: read.entries)
        self.path = path
        resolvedYAML = read.yaml
        entries = read.entries
    }

    /// Reads all keys of a distillation, which are those of a recipe and more.
    static func read(_ reader: ConfigurationReader) -> (
        Recipe.Sections, StudentSection, PoolSection, order: [String]?, maxTeachers: Int?, StageSchedule, CostSection
    ) {
        let sections = Recipe.Sections(reader)
        let student = reader.section("student", "The model that learns") { StudentSection($0) }
        let pool = reader.section("pool", "The teachers") { PoolSection($0) }
        let words = reader.words(
            "order", default: "bgs", "`bgs` (chosen by adaptation cost) or the teachers in turn")
        let maxTeachers = reader.optionalInt(
            "maxTeachers", in: 1...1000, "Longest chain; the whole pool when absent")
        let stages = StageSchedule(reader)
        let cost = reader.section("cost", "How the adaptation cost is measured") { CostSection($0) }
        let order = words == ["bgs"] ? nil : words
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
                $0.problem("validation", "is 0, but order: bgs measures costs on a validation part")
            }
        }
        return (sections, student, pool, order, maxTeachers, stages, cost)
    }

    /// Whether a configuration is one of a distillation: whether it has a section `pool`.
    public static func isOne(_ path: String, overrides: [String] = []) throws -> Bool {
        try ConfigurationDocument.load(path: path, overrides: overrides).keys.contains("pool")
    }

    /// A training recipe with one teacher: the student starts from the beginning and learns from it all the time.
    public static func training(_ recipe: Recipe, teacher weights: String) throws -> DistillationRecipe {
        let text =
            recipe.resolvedYAML + """
                student: {start: scratch}
                pool:
                  teachers:
                    - name: teacher
                      weights: \(JSONValue.string(weights).text())
                order: [teacher]
                stage: {epochs: \(recipe.training.epochs)}
                """
        var result = try DistillationRecipe(
            ConfigurationDocument.parse(text: text, name: recipe.path), path: recipe.path)
        result.plain = recipe
        return result
    }
}

/// The section `student`.
public struct StudentSection: Sendable {
    public enum Start: String, CaseIterable, Sendable {
        /// From trained weights, as in the paper.
        case trained
        case scratch
    }

    public var name: String
    public var weights: String?
    public var config: String?
    public var overrides: [String]
    public var start: Start

    init(_ reader: ConfigurationReader) {
        name = reader.string("name", default: "student", "What the student is called in tables")
        weights = reader.optionalPath(
            "weights", "Trained weights, a file or a run folder; trained first when absent or missing")
        config = reader.optionalPath("config", "Recipe that trains the student; this file's own when absent")
        overrides = reader.strings("set", default: [], "Values that replace those of `config`, key=value")
        start = reader.choice("start", default: .trained, "Whether stages begin with trained or with first weights")
    }
}

/// The section `pool`.
public struct PoolSection: Sendable {
    public struct Member: Sendable {
        public var name: String
        public var weights: String?
        public var config: String?
        public var overrides: [String]
    }

    public var directory: String?
    public var members: [Member]
    /// Teachers below this validation accuracy are refused.
    public var minimumScore: Double
    public var cacheMegabytes: Int

    init(_ reader: ConfigurationReader) {
        directory = reader.optionalPath("directory", "Where trained members are kept; OUTPUT/pool when absent")
        minimumScore = reader.double(
            "minimumScore", default: 0, in: 0...1, "Validation accuracy below which a teacher is refused")
        cacheMegabytes = reader.int(
            "cacheMegabytes", default: 0, in: 0...1_000_000,
            "Memory for teachers' outputs where training images are never changed; 0 = none")
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
public struct CostSection: Sendable {
    public enum Method: String, CaseIterable, Sendable {
        /// Gram matrices and Cholesky.
        case exact
        /// Many small steps; slower, a second opinion.
        case descent
    }

    public var images: Int
    public var method: Method
    public var ridge: Double
    public var resamples: Int
    public var descentEpochs: Int

    init(_ reader: ConfigurationReader) {
        images = reader.int("images", default: 5000, in: 1...100_000_000, "Training images that maps are fitted to")
        method = reader.choice("method", default: .exact, "How the maps are fitted")
        ridge = reader.double("ridge", default: 1e-6, in: 1e-12...1, "Ridge of the exact fit, relative")
        resamples = reader.int("resamples", default: 200, in: 2...100_000, "Resamples of the images for error bars")
        descentEpochs = reader.int("descentEpochs", default: 100, in: 1...10_000, "Passes of the descent")
    }
}
