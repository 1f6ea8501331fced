import Tensors

/// How a result is computed again, bit for bit, from tensors that the way back needs anyway: whoever would keep the result
/// for its gradient keeps the recipe instead, and the result itself is gone once the forward pass has used it. Only what is
/// cheap has one: a norm, a relu behind it, regions of a map.
package final class Recipe<S: Scalar> {
    private let shape: Shape
    private let offset: Int
    /// The result of the forward pass while somebody else has it.
    private weak var storage: Storage<S>?
    private let staysMade: Bool
    private let make: () -> Tensor<S>
    private var made: Tensor<S>?

    /// - Parameters:
    ///   - result: what the forward pass computed.
    ///   - staysMade: whether a result that was computed again is kept until nobody asks any more, for those that several
    ///     gradients read.
    package init(_ result: Tensor<S>, staysMade: Bool = true, _ make: @escaping () -> Tensor<S>) {
        (shape, offset, storage) = (result.shape, result.offset, result.storage)
        self.staysMade = staysMade
        self.make = make
    }

    /// The result.
    package var tensor: Tensor<S> {
        if let known { return known }
        let tensor = make()
        if staysMade { made = tensor }
        return tensor
    }

    /// The result for one who needs it only now.
    var transient: Tensor<S> { known ?? make() }

    private var known: Tensor<S>? {
        made ?? storage.map { Tensor(storage: $0, offset: offset, shape: shape) }
    }
}

/// What a gradient keeps of an operand.
package enum Kept<S: Scalar> {
    /// The numbers.
    case tensor(Tensor<S>)
    /// How they are computed again.
    case recipe(Recipe<S>)
    /// The numbers in bfloat16.
    case halves(KeptValues<S>)

    /// The numbers.
    package var tensor: Tensor<S> {
        switch self {
        case .tensor(let tensor): tensor
        case .recipe(let recipe): recipe.tensor
        case .halves(let values): values.whole
        }
    }
}

extension Variable {
    /// What a gradient that needs this variable's numbers keeps of it.
    package var kept: Kept<S> { recipe.map { .recipe($0) } ?? .tensor(value) }

    /// What an operation keeps of its input for the gradients of `operands`.
    ///
    /// - Parameter halving: whether in bfloat16 where products are; it pays where nothing else keeps the input.
    func kept(halving: Bool, for operands: [Variable]) -> Kept<S> {
        let halves = halving && operands.contains(where: \.isTracked) && KeptValues<S>.areHalved
        return halves ? .halves(KeptValues(value, halved: true)) : .tensor(value)
    }

    /// The same variable, whose numbers are computed again where a gradient needs them. Constants stay as they are.
    /// - Parameter staysMade: as `Recipe` has it.
    package func recomputed(staysMade: Bool = true, _ make: @escaping () -> Tensor<S>) -> Variable {
        guard isTracked else { return self }
        var copy = self
        copy.recipe = Recipe(value, staysMade: staysMade, make)
        return copy
    }
}
