// Autograd: values that know where they came from, the tape that goes backward through them, and the check of
// gradients.

import Tensors

/// A tensor in a computation; operations on it are recorded when it depends on a leaf of a tape.
public struct Variable<S: Scalar> {
    /// The numbers.
    public let value: Tensor<S>
    /// The tape that records what is done with this variable, `nil` for a constant.
    public let tape: Tape<S>?
    let index: Int?
    /// How the numbers are computed again, for those that are not kept.
    var recipe: Recipe<S>?

    init(value: Tensor<S>, tape: Tape<S>?, index: Int?) {
        self.value = value
        self.tape = tape
        self.index = index
    }

    /// A constant: no gradient flows to it.
    public init(_ value: Tensor<S>) { self.init(value: value, tape: nil, index: nil) }

    /// The shape of the numbers.
    public var shape: Shape { value.shape }
    /// Whether a gradient flows to this variable.
    public var isTracked: Bool { tape != nil }
    /// The same values, cut off from the tape.
    public var detached: Variable { Variable(value) }
}

extension Variable {
    /// Enters an operation with its results and its hand-written gradient into the inputs' tape. Every operation ends in
    /// this one function, so none can lose a gradient silently.
    ///
    /// - Parameters:
    ///   - inputs: all differentiable operands.
    ///   - outputs: what the operation computed.
    ///   - pullback: given the gradient of each output (`nil` where nothing depends on it) and whether each input needs
    ///     one, returns the gradient of each input; those that are not needed may be `nil`.
    public static func record(
        _ operation: Operation, _ inputs: [Variable], outputs: [Tensor<S>],
        pullback: @escaping (_ gradients: [Tensor<S>?], _ needs: [Bool]) -> [Tensor<S>?]
    ) -> [Variable] {
        guard let tape = inputs.first(where: { $0.isTracked })?.tape else { return outputs.map { Variable($0) } }
        require(
            inputs.allSatisfy { $0.tape == nil || $0.tape === tape }, operation.name, inputs.map(\.shape),
            "all operands must belong to one tape")
        return tape.append(operation, inputs: inputs.map { $0.index ?? -1 }, outputs: outputs) { gradients, needs in
            pullback(gradients, needs)
        }
    }

    /// As above, for an operation of one operand whose gradient can be computed in the place of the result's: `replace`
    /// turns the one into the other. It changes the tensor itself, through functions that look whether somebody else has it.
    package static func record(
        _ operation: Operation, _ input: Variable, _ output: Tensor<S>,
        replacing replace: @escaping (_ gradient: inout Tensor<S>) -> Void
    ) -> Variable {
        guard let tape = input.tape else { return Variable(output) }
        return tape.append(operation, inputs: [input.index ?? -1], outputs: [output]) { gradients, _ in
            guard var gradient = gradients[0] else { return [nil] }
            gradients[0] = nil
            replace(&gradient)
            return [gradient]
        }[0]
    }

    /// As above, for an operation with one result.
    public static func record(
        _ operation: Operation, _ inputs: [Variable], _ output: Tensor<S>,
        pullback: @escaping (_ gradient: Tensor<S>, _ needs: [Bool]) -> [Tensor<S>?]
    ) -> Variable {
        record(operation, inputs, outputs: [output]) { gradients, needs in
            guard let gradient = gradients[0] else { return needs.map { _ in nil } }
            return pullback(gradient, needs)
        }[0]
    }
}
