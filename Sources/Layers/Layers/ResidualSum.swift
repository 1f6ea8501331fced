import Autograd
import Tensors

/// x + gamma branch: the end of a residual block, with an optional layer scale and paths dropped per sample in training.
public struct ResidualSum: Sendable {
    public let gamma: Parameter?
    public let path: String
    let dropRate: Double

    /// - Parameters:
    ///   - path: of the branch; decides the random stream of dropped paths.
    ///   - gamma: the layer scale [C].
    ///   - dropRate: how often a sample goes without the branch in training.
    public init(_ path: String, gamma: Parameter? = nil, dropRate: Double = 0) {
        self.path = path
        self.gamma = gamma
        self.dropRate = dropRate
    }

    public func callAsFunction<S: Scalar>(
        _ x: Variable<S>, _ branch: Variable<S>, _ context: Context<S>
    ) -> Variable<S> {
        let rate = context.isTraining ? dropRate : 0
        return LayerPath.$current.withValue(path) {
            x.addingResidual(
                branch, scale: gamma.map { context[$0] }, dropPathRate: rate,
                key: rate > 0 ? context.random(path) : nil)
        }
    }
}
