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

    @Test func gradientsAreSummedOverStretchedAxes() throws {
        var random = Random(seed: 3, purpose: "stretched")
        let pairs: [(Shape, Shape)] = [
            ([2, 1, 3], [4, 1]), ([5], [2, 3, 5]), ([], [2, 2]), ([3, 1, 1], [3, 2, 4]), ([1, 2, 1, 3], [4, 1, 5, 1]),
            ([2, 3], [2, 3]), ([1], [1, 1]),
        ]
        for (shapeA, shapeB) in pairs {
            let tape = Tape<Double>()
            let a = tape.leaf(.normal(shapeA, from: &random))
            let b = tape.leaf(.normal(shapeB, from: &random))
            let y = a * b
            let g = Tensor<Double>.normal(y.shape, from: &random)
            tape.backward(from: y, cotangent: g)
            for (leaf, other) in [(a, b), (b, a)] {
                var sums = [Double](repeating: 0, count: leaf.shape.elementCount)
                for position in 0..<y.shape.elementCount {
                    let target = source(position, y.shape, leaf.shape)
                    sums[target] += g.array[position] * other.value.array[source(position, y.shape, other.shape)]
                }
                let gradient = try #require(tape.gradient(of: leaf))
                #expect(gradient.shape == leaf.shape)
                #expect(relativeError(gradient, Tensor(leaf.shape, sums)) < 1e-13, "\(shapeA), \(shapeB)")
            }
        }
    }

    /// The element of an operand that element `position` of the stretched result reads.
    private func source(_ position: Int, _ result: Shape, _ operand: Shape) -> Int {
        var (rest, stride, element) = (position, 1, 0)
        for axis in 0..<result.rank {
            let index = rest % result[result.rank - 1 - axis]
            rest /= result[result.rank - 1 - axis]
            guard axis < operand.rank else { continue }
            let extent = operand[operand.rank - 1 - axis]
            if extent > 1 { element += index * stride }
            stride *= extent
        }
        return element
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
    @Test func anOperationWithoutAGradientStopsAtATrackedOperand() async {
        await #expect(processExitsWith: .success) {
            let constant = Variable<Double>(Tensor(2))
            #expect(recordConstant(Operation("sign"), [constant], Tensor(1)).value.item == 1)
        }
        await #expect(processExitsWith: .failure) {
            let x = Tape<Double>().leaf(Tensor(2))
            _ = recordConstant(Operation("sign"), [x], Tensor(1))
        }
    }

    @Test func aPullbackThatLosesAGradientStops() async {
        await #expect(processExitsWith: .failure) {
            let tape = Tape<Double>()
            let x = tape.leaf(Tensor(2))
            tape.backward(from: record(Operation("lost"), [x], Tensor(1)) { _, _ in [nil] })
        }
        await #expect(processExitsWith: .failure) {
            let tape = Tape<Double>()
            let x = tape.leaf(Tensor(2))
            tape.backward(from: record(Operation("tooFew"), [x, x], Tensor(1)) { g, _ in [g] })
        }
        await #expect(processExitsWith: .failure) {
            let tape = Tape<Double>()
            let x = tape.leaf(Tensor([2], [1, 2]))
            tape.backward(from: record(Operation("wrongShape"), [x], Tensor(1)) { g, _ in [g] })
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
