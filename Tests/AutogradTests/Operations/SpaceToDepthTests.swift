import Autograd
import Tensors
import TestSupport
import Testing

private struct Move: ScalarFunction {
    let order: ChannelOrder
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [x[0].spaceToDepth(2, order), x[0].depthToSpace(2, order)]
    }
}

@Suite struct SpaceToDepthTests {
    /// Two channels of a 2x2 map, the first 0, 1, 2, 3 and the second 4, 5, 6, 7.
    private let cell = Variable(Tensor<Float>([1, 2, 2, 2], [0, 4, 1, 5, 2, 6, 3, 7]))

    @Test func channelsStandInTheOrderOfTheirName() {
        #expect(cell.spaceToDepth(2, .channelMajor).value.array == [0, 1, 2, 3, 4, 5, 6, 7])
        #expect(cell.spaceToDepth(2, .positionMajor).value.array == [0, 4, 2, 6, 1, 5, 3, 7])
        #expect(cell.spaceToDepth(2, .positionMajor).shape == [1, 1, 1, 8])
    }

    @Test(arguments: ChannelOrder.allCases, [1, 2, 3])
    func eachUndoesTheOther(_ order: ChannelOrder, factor: Int) {
        let x = Variable(operands([[2, 6, 12, 18]])[0])
        #expect(x.spaceToDepth(factor, order).depthToSpace(factor, order).value.array == x.value.array)
        let y = Variable(operands([[2, 3, 5, 36]])[0])
        #expect(y.depthToSpace(factor, order).spaceToDepth(factor, order).value.array == y.value.array)
    }

    @Test(arguments: ChannelOrder.allCases)
    func bothPrecisionsAgreeOnAnyThreads(_ order: ChannelOrder) {
        for input in [[1, 2, 2, 4], [5, 14, 14, 96], [2, 64, 48, 4]] as [Shape] {
            #expect(Move(order: order).largestError([input]) < 1e-7)
            #expect(Move(order: order).threadViolations([input]) == [])
        }
    }
}
