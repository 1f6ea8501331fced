import Autograd
import Tensors
import Testing

@Suite struct TapeTests {
    @Test func aTensorUsedTwiceCollectsBothGradients() {
        let tape = Tape<Double>()
        let x = tape.leaf(Tensor([3], [1, -2, 0.5]))
        let y = x * x + x.scaled(by: 3) + x
        tape.backward(from: y.sum())
        #expect(tape.gradient(of: x)?.array == [6, 0, 5], "2 x + 4")
    }

    @Test func aLeafThatNothingUsesHasNoGradient() {
        let tape = Tape<Double>()
        let (x, unused) = (tape.leaf(Tensor(2)), tape.leaf(Tensor(3)))
        tape.backward(from: x.squared())
        #expect(tape.gradient(of: x)?.item == 4)
        #expect(tape.gradient(of: unused) == nil)
    }

    @Test func constantsAreNotRecorded() {
        let tape = Tape<Double>()
        let x = tape.leaf(Tensor(2))
        let constant = (Variable<Double>(Tensor(3)) + Variable(Tensor(4))).squared()
        #expect(!constant.isTracked)
        #expect(tape.operations.isEmpty)
        let y = x.detached * x
        #expect(tape.operations == [.multiply])
        tape.backward(from: y * constant)
        #expect(tape.gradient(of: x)?.item == 98, "the detached factor counts as a constant")
    }

    @Test func aLongChainIsWalkedAndReleasedWithoutRecursion() {
        let length = 300_000
        var tape = Tape<Float>()
        let x = tape.leaf(Tensor(1))
        var y = x
        for _ in 0..<length { y = y.scaled(by: 1) }
        #expect(tape.operations.count == length)
        tape.backward(from: y)
        #expect(tape.gradient(of: x)?.item == 1)

        // A tape that nobody walks is released just as well.
        tape = Tape()
        y = tape.leaf(Tensor(1))
        for _ in 0..<length { y = y.squared() }
        y = Variable(Tensor(0))
        weak let watched = tape
        tape = Tape()
        #expect(watched == nil)
    }

    @Test func resultsThatAreNotUsedCountAsZero() {
        let tape = Tape<Double>()
        let x = tape.leaf(Tensor([2, 5], (0..<10).map(Double.init)))
        let parts = x.split(channels: [1, 3, 1])
        tape.backward(from: parts[1].squared().sum())
        #expect(tape.gradient(of: x)?.array == [0, 2, 4, 6, 0, 0, 12, 14, 16, 0])
    }

    @Test func severalResultsAddUp() {
        let tape = Tape<Double>()
        let x = tape.leaf(Tensor([2], [1, 2]))
        let (a, b) = (x.scaled(by: 3), x.squared())
        tape.backward(from: [(a, Tensor([2], [1, 10])), (b, Tensor([2], [1, 1])), (a, Tensor([2], [100, 0]))])
        #expect(tape.gradient(of: x)?.array == [305, 34])
    }

    @Test func observersSeeEveryOperationWithItsLayer() {
        let tape = Tape<Double>()
        var forward: [String] = []
        var backward: [String] = []
        tape.observer = { operation, path, _ in forward.append("\(path): \(operation)") }
        tape.gradientObserver = { operation, path, _ in backward.append("\(path): \(operation)") }
        let x = tape.leaf(Tensor([2], [1, 2]))
        let y = LayerPath.enter("stage") { LayerPath.enter("block") { x.gelu() } }.sum()
        tape.backward(from: y)
        #expect(forward == ["stage.block: gelu", ": sum"])
        #expect(backward == [": sum", "stage.block: gelu"])
    }
}

/// A mistake in code stops the program, which takes a process of its own to see.
@Suite struct TapeRuleTests {
    @Test func aPullbackThatLosesAGradientStops() async {
        await #expect(processExitsWith: .failure) {
            let tape = Tape<Double>()
            let x = tape.leaf(Tensor(2))
            tape.backward(from: Variable.record(Operation("lost"), [x], Tensor(1)) { _, _ in [nil] })
        }
        await #expect(processExitsWith: .failure) {
            let tape = Tape<Double>()
            let x = tape.leaf(Tensor(2))
            tape.backward(from: Variable.record(Operation("tooFew"), [x, x], Tensor(1)) { g, _ in [g] })
        }
        await #expect(processExitsWith: .failure) {
            let tape = Tape<Double>()
            let x = tape.leaf(Tensor([2], [1, 2]))
            tape.backward(from: Variable.record(Operation("wrongShape"), [x], Tensor(1)) { g, _ in [g] })
        }
    }

    @Test func aTapeIsWalkedOnce() async {
        await #expect(processExitsWith: .failure) {
            let tape = Tape<Double>()
            let y = tape.leaf(Tensor(2)).squared()
            tape.backward(from: y)
            tape.backward(from: y)
        }
    }

    @Test func operandsOfTwoTapesDoNotMix() async {
        await #expect(processExitsWith: .failure) {
            let (one, other) = (Tape<Double>(), Tape<Double>())
            _ = one.leaf(Tensor(2)) * other.leaf(Tensor(3))
        }
    }
}
