import Tensors

// No kernel: it runs the operations of a part again.

extension Operation { package static let checkpoint = Operation("checkpoint") }

/// What a checkpointed part of a computation gave on a tape of its own.
public struct CheckpointedPart<S: Scalar> {
    /// What the part gives.
    public let output: Variable<S>
    /// What the output depends on beside x: leaves of the part's own tape, each under a number by which the outside knows
    /// it. They must be the same, in the same order, in every run of the part.
    public let operands: [(number: Int, leaf: Variable<S>)]

    /// What a run of the part gave.
    public init(output: Variable<S>, operands: [(number: Int, leaf: Variable<S>)]) {
        self.output = output
        self.operands = operands
    }
}

extension Variable {
    /// Computes a part of a model and keeps nothing of it but x: the way back computes the part again. The results are
    /// those of the part itself, bit for bit, for about a third more time. Chen et al., arXiv 1604.06174.
    ///
    /// Gradient: that of the part, from a second run of it on a tape of its own, which is walked at once.
    ///
    /// - Parameters:
    ///   - operand: the variable outside that an operand of that number stands for.
    ///   - part: called now, and again in backward (`isRepetition`) with the same x. It must do the same both times:
    ///     random numbers from keys, and effects beside its result only in the first run. It must not refer to the tape
    ///     of x, which holds it.
    public func checkpointed(
        operand: (Int) -> Variable,
        part: @escaping (_ tape: Tape<S>, _ x: Variable, _ isRepetition: Bool) -> CheckpointedPart<S>
    ) -> Variable {
        let (x, isTracked) = (value, isTracked)
        func start(_ outer: Tape<S>?) -> (Tape<S>, Variable) {
            let tape = Tape<S>()
            tape.observer = outer?.observer
            tape.gradientObserver = outer?.gradientObserver
            tape.profile = outer?.profile
            // What is not tracked outside must not be inside: operations may choose their kernel by it.
            return (tape, isTracked ? tape.leaf(x) : Variable(x))
        }
        // On a tape, too, which is thrown away: so the first run takes the same kernels as the second.
        let (tape, input) = start(self.tape)
        let first = part(tape, input, false)
        let outer = [self] + first.operands.map { operand($0.number) }
        let owner = outer.first { $0.isTracked }?.tape
        return Self.record(.checkpoint, outer, first.output.value) { [weak owner] g, needs in
            let (tape, input) = start(owner)
            let second = part(tape, input, true)
            tape.backward(from: second.output, cotangent: g)
            let inner = [input] + second.operands.map(\.leaf)
            return zip(inner, needs).map { leaf, needed in
                guard needed else { return nil }
                return tape.gradient(of: leaf) ?? .zeros(leaf.shape)
            }
        }
    }
}

extension GradientCheck {
    static let checkpoint: [GradientCheck] = [
        GradientCheck("checkpoint", [[4, 3], [5, 3], [5]]) { inputs in
            let (weight, bias) = (inputs[1].value, inputs[2].value)
            return [
                inputs[0].checkpointed(operand: { inputs[$0] }) { tape, x, _ in
                    let (weight, bias) = (tape.leaf(weight), tape.leaf(bias))
                    return CheckpointedPart(
                        output: x.linear(weight, bias).gelu(), operands: [(1, weight), (2, bias)])
                }
            ]
        },
        GradientCheck("checkpoint/nested", [[4, 3]]) { inputs in
            [
                inputs[0].checkpointed(operand: { inputs[$0] }) { _, x, _ in
                    let inner = x.checkpointed(operand: { inputs[$0] }) { _, x, _ in
                        CheckpointedPart(output: x.sigmoid() * x, operands: [])
                    }
                    return CheckpointedPart(output: inner, operands: [])
                }
            ]
        },
    ]
}
