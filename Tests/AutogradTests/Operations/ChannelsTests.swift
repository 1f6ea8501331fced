import Autograd
import Tensors
import Testing

private struct Split: ScalarFunction {
    let widths: [Int]
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { x[0].split(channels: widths) }
}

private struct Shuffle: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        let c = x[0].shape.columns
        return [.concatenated([x[0].sliced(channels: c / 3..<c), .interleaved(x[1], x[1]), x[0]])]
    }
}

@Suite struct ChannelsTests {
    @Test func splitTakesConsecutiveRangesOfTheLastAxis() {
        let x = Variable(Tensor<Float>([2, 5], [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]))
        let parts = x.split(channels: [1, 3, 1])
        #expect(parts.map(\.shape) == [[2, 1], [2, 3], [2, 1]])
        #expect(parts.map(\.value.array) == [[0, 10], [1, 2, 3, 11, 12, 13], [4, 14]])
    }

    @Test func sliceTakesTheNamedChannels() {
        let x = Variable(Tensor<Float>([2, 4], [0, 1, 2, 3, 10, 11, 12, 13]))
        #expect(x.sliced(channels: 1..<3).value.array == [1, 2, 11, 12])
    }

    @Test func interleavePutsTheFirstOperandOnEvenChannels() {
        let a = Variable(Tensor<Float>([2, 2], [0, 1, 2, 3]))
        let b = Variable(Tensor<Float>([2, 2], [10, 11, 12, 13]))
        let c = Variable.interleaved(a, b)
        #expect(c.shape == [2, 4])
        #expect(c.value.array == [0, 10, 1, 11, 2, 12, 3, 13])
    }

    @Test func gradientOfAnUnusedPartIsZero() throws {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([1, 4], [1, 2, 3, 4]))
        tape.backward(from: x.split(channels: [1, 2, 1])[1].sum())
        #expect(try #require(tape.gradient(of: x)).array == [0, 1, 1, 0])
    }

    /// Copies must be exact at every width that has code of its own, and between them.
    @Test(arguments: [1, 2, 4, 7, 8, 15, 16, 17, 31, 32, 64, 96, 240, 496])
    func concatenationRestoresWhatSplitTookApart(width: Int) {
        var random = Random(seed: 1, purpose: "split")
        let x = Variable(Tensor<Float>.normal([3, 5, 7, width + 20], from: &random))
        #expect(Variable.concatenated(x.split(channels: [3, width, 17])).value.array == x.value.array)
        #expect(
            Variable.concatenated([x.sliced(channels: 0..<width), x.sliced(channels: width..<width + 20)]).value.array
                == x.value.array)
    }

    @Test(arguments: [17, 96, 112])
    func floatEqualsDouble(channels: Int) {
        #expect(Shuffle().largestError([[3, 7, 5, channels], [3, 7, 5, 16]]) < 1e-6)
        #expect(Split(widths: [channels, 5, 16]).largestError([[9, 11, channels + 21]]) < 1e-6)
    }

    @Test func resultsDoNotDependOnThreads() {
        #expect(Shuffle().threadViolations([[8, 14, 14, 96], [8, 14, 14, 33]]) == [])
    }
}
