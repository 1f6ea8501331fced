// Losses: distances between a student's answer and a teacher's, one file for each kind; each is a part of Autograd's
// graph.

import Autograd
import Layers
import Tensors

/// What a loss may need beside the student and the teacher.
public struct LossContext<S: Scalar> {
    /// The parameters of adapters and of the losses' own layers, and the random stream of the step.
    public let layers: Context<S>
    /// One label per image; the largest share where labels are mixed.
    public let labels: [Int32]
    /// Where the objects of the images are; nil where a task knows no objects.
    public let regions: LossRegions?

    /// What belongs to a step.
    public init(layers: Context<S>, labels: [Int32] = [], regions: LossRegions? = nil) {
        self.layers = layers
        self.labels = labels
        self.regions = regions
    }
}

/// A distance between what the student and what the teacher computed for the same images: both logits [N, K], or both
/// maps [N, H, W, C]. The teacher is a constant, so no gradient can reach it.
public protocol DistillationLoss: Sendable {
    /// - Returns: the loss, [].
    func callAsFunction<S: Scalar>(
        student: Variable<S>, teacher: Tensor<S>, _ context: LossContext<S>
    ) -> Variable<S>
}

/// Keeps a root or a quotient finite where an operand is constant; far below what single precision adds to anything.
let tiny = 1e-24

func requireLogits(_ name: String, _ student: Shape, _ teacher: Shape) {
    require(
        student.rank == 2 && student == teacher && student.elementCount > 0, name, [student, teacher],
        "student and teacher must have logits [N, K] of the same shape")
}

func requireMaps(_ name: String, _ student: Shape, _ teacher: Shape) {
    require(
        student.rank == 4 && student == teacher && student.elementCount > 0, name, [student, teacher],
        "student and teacher must have maps [N, H, W, C] of the same shape")
}

extension Variable {
    /// A constant that stretches over any shape.
    static func constant(_ value: Double) -> Variable { Variable(Tensor(S(value))) }

    func scaled(_ factor: Double) -> Variable { scaled(by: S(factor)) }

    /// The sum over the last axis, [.., 1].
    func rowSums(scale: Double = 1) -> Variable {
        linear(Variable(Tensor([1, shape.columns], repeating: S(scale))))
    }

    /// The mean over the last axis, [.., 1].
    func rowMeans() -> Variable { rowSums(scale: 1 / Double(shape.columns)) }

    /// The mean over all axes but the last, [1, C].
    func columnMeans() -> Variable { reshaped([1, shape.rows, 1, shape.columns]).globalAveragePooled() }

    /// sqrt(x) for x >= 0, its gradient finite at 0 where that of x is 0.
    func safeSquareRoot() -> Variable { (self + .constant(tiny)).map(.squareRoot) }

    /// The mean over rows of 1 - r, r the correlation of a row with the same row of `other`, both [R, n]; 1e-8 is
    /// added to the product of the norms.
    func meanRowDecorrelation(_ other: Variable) -> Variable {
        let (x, y) = (self - rowMeans(), other - other.rowMeans())
        let norms = x.squared().rowSums().safeSquareRoot() * y.squared().rowSums().safeSquareRoot()
        let correlation = (x * y).rowSums() / (norms + .constant(1e-8))
        return .constant(1) - correlation.mean()
    }
}
