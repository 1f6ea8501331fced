import Autograd
import Tensors
import Testing

private struct Repeated: ScalarFunction {
    let times: Int
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] { [x[0].repeatedChannels(times)] }
}

@Suite struct RepeatedChannelsTests {
    @Test(arguments: 2...7)
    func bothPrecisionsAgreeOnAnyThreads(times: Int) {
        let input: Shape = [3, 60, 70, 5]
        #expect(Repeated(times: times).largestError([input]) < 1e-6)
        #expect(Repeated(times: times).threadViolations([input]) == [])
    }

    @Test func repetitionsFollowEachOther() {
        let x = Variable(Tensor<Float>([2, 2], [1, 2, 3, 4]))
        #expect(x.repeatedChannels(3).value.array == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4])
        #expect(x.repeatedChannels(1).value.array == x.value.array)
    }
}
