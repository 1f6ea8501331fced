import Autograd
import Tensors
import TestSupport
import Testing

private struct Shuffle: ScalarFunction {
    let groups: Int
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].channelsShuffled(groups: groups)] }
}

@Suite struct ChannelShuffleTests {
    @Test func channelsAreDealtOutInTurn() {
        func shuffled(_ channels: Int, _ groups: Int) -> [Float] {
            Variable(Tensor<Float>([1, channels], (0..<channels).map { Float($0) })).channelsShuffled(groups: groups)
                .value.array
        }
        #expect(shuffled(6, 2) == [0, 3, 1, 4, 2, 5])
        #expect(shuffled(6, 3) == [0, 2, 4, 1, 3, 5])
        #expect(shuffled(12, 4) == [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
        #expect(shuffled(5, 1) == [0, 1, 2, 3, 4])
    }

    @Test func shufflingWithTheOtherNumberPutsThemBack() {
        let x = Variable(operands([[2, 3, 4, 24]])[0])
        for groups in [2, 3, 8] {
            let back = x.channelsShuffled(groups: groups).channelsShuffled(groups: 24 / groups)
            #expect(back.value.array == x.value.array)
        }
    }

    @Test func precisionAndThreads() {
        for (input, groups) in [([3, 16, 15, 12], 3), ([8, 16, 16, 96], 4)] as [(Shape, Int)] {
            #expect(Shuffle(groups: groups).largestError([input]) < 1e-7)
            #expect(Shuffle(groups: groups).threadViolations([input]) == [])
        }
    }
}
