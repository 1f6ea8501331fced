import Autograd
import Tensors
import Testing

/// A part of a model with operands of its own, checkpointed and as it is.
private struct Part: ScalarFunction {
    let isCheckpointed: Bool
    let key = RandomKey(seed: 4, purpose: "checkpoint")

    private func part<S>(_ x: Variable<S>, _ weight: Variable<S>, _ bias: Variable<S>) -> Variable<S> {
        x.linear(weight, bias).gelu().dropout(rate: 0.3, key: key)
    }

    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        guard isCheckpointed else { return [part(x[0], x[1], x[2]).squared()] }
        let (w, b) = (x[1].value, x[2].value)
        let y = x[0].checkpointed(
            operand: { x[$0] },
            part: { tape, input, _ in
                let (weight, bias) = (tape.leaf(w), tape.leaf(b))
                return CheckpointedPart(output: part(input, weight, bias), operands: [(1, weight), (2, bias)])
            })
        return [y.squared()]
    }
}

@Suite struct CheckpointTests {
    @Test func itGivesThePartsBits() {
        let shapes: [Shape] = [[70, 33], [17, 33], [17]]
        let kept = Part(isCheckpointed: false).run(shapes, as: Float.self)
        let repeated = Part(isCheckpointed: true).run(shapes, as: Float.self)
        #expect(repeated.map(\.bits) == kept.map(\.bits))
    }

    @Test func thePartRunsAgainOnTheWayBackAlone() {
        var runs: [Bool] = []
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([2], [1, 2]))
        let y = x.checkpointed(
            operand: { _ in x },
            part: { _, x, isRepetition in
                runs.append(isRepetition)
                return CheckpointedPart(output: x.squared(), operands: [])
            })
        #expect(runs == [false])
        #expect(tape.operations == [.checkpoint], "nothing of the part may stay on the tape")
        tape.backward(from: y.sum())
        #expect(runs == [false, true])
        #expect(tape.gradient(of: x)?.array == [2, 4])
    }
}
