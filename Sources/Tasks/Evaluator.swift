import Datasets
import Layers
import Reporting
import Tensors

/// How an evaluation is made.
public struct EvaluationOptions {
    /// How many images will be measured.
    public var images: Int
    /// How many of the worst answers are kept, with what the task keeps of them.
    public var mistakes = 0
    /// Whether everything is measured that the task can, or only what an epoch's line needs.
    public var isComplete = false
    /// Whether each image is asked about mirrored as well, for tasks that average answers (`LearningTask.averaged`).
    public var mirrors = false
    /// Takes a header and then a row for each image, where a table is asked for; `isComplete` goes with it.
    public var row: ((_ fields: [String]) throws -> Void)?
    /// The name of an image by its index, for rows and sentences.
    public var name: (_ index: Int) -> String

    /// What an epoch's line needs, and no more.
    /// - Parameters:
    ///   - images: how many will be measured.
    ///   - name: of an image, by its index.
    public init(images: Int, name: @escaping (_ index: Int) -> String) { (self.images, self.name) = (images, name) }
}

/// Measures answers batch by batch.
public protocol Evaluator<Target> {
    /// What answers are compared with.
    associatedtype Target: Targets
    /// What comes out.
    associatedtype Findings: TaskFindings
    /// Takes the answer to a batch; of a classifier without the maps.
    mutating func add(_ output: ModelOutput<Float>, _ batch: Batch<Target>) throws
    /// What was found, once all batches were added.
    mutating func finish() throws -> Findings
}

/// What an evaluation found: the scores, and whatever else a task's report shows.
public protocol TaskFindings: Sendable {
    /// The loss and the task's metrics.
    var scores: Scores { get }
    /// What a user should know, one sentence each.
    var notices: [String] { get }
}

extension TaskFindings {
    /// Nothing to tell.
    public var notices: [String] { [] }

    /// Refuses a loss that is no number: the answers behind it are arbitrary.
    /// - Parameter name: of the weights, for the sentence.
    public func checked(_ name: String) throws -> Self {
        guard scores.loss.isFinite else {
            throw RecipeError(
                "\(name): the model's outputs are not finite for some of the images, so there is nothing to measure")
        }
        return self
    }
}
