import Autograd
import Tensors
import Testing

private struct Mean: ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].channelMean()] }
}

@Suite struct ChannelMeanTests {
    @Test func everyPixelIsTheMeanOfItsChannels() {
        let x = Variable(Tensor<Float>([1, 1, 2, 4], [1, 2, 3, 6, -1, 0, 1, 8]))
        #expect(x.channelMean().shape == [1, 1, 2, 1])
        #expect(x.channelMean().value.array == [3, 2])
    }

    @Test(arguments: [[1, 1, 1, 1], [3, 17, 5, 7], [2, 30, 31, 96]] as [Shape])
    func precisionAndThreads(_ input: Shape) {
        #expect(Mean().largestError([input]) < 2e-6)
        #expect(Mean().threadViolations([input]) == [])
    }
}
