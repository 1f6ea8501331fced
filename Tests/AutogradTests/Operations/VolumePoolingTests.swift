import Autograd
import Tensors
import TestSupport
import Testing

private struct Pooling: ScalarFunction {
    let kernel: Triple
    let stride: Triple
    var padding: Triple = 0
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>] {
        [x[0].volumeMaxPooled(kernel: kernel, stride: stride, padding: padding), x[0].globalAveragePooled()]
    }
}

@Suite struct VolumePoolingTests {
    @Test func theLargestOfACubeIsTaken() {
        let tape = Tape<Float>()
        let x = tape.leaf(Tensor([1, 2, 2, 4, 1], [0, 1, 9, 2, 3, 4, 1, 1, 7, 5, 9, 0, 7, 6, 3, 2]))
        let y = x.volumeMaxPooled(kernel: 2, stride: 2)
        #expect(y.value.array == [7, 9])
        tape.backward(from: y, cotangent: Tensor([1, 1, 1, 2, 1], [5, 8]))
        // The first of equal ones, slice by slice.
        #expect(tape.gradient(of: x)?.array == [0, 0, 8, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0])
    }

    /// The largest over slices of the largest within each: the same numbers in two steps.
    @Test(arguments: [[2, 5, 6, 7, 17], [1, 4, 4, 4, 3], [3, 3, 9, 5, 16]] as [Shape])
    func slicesAndPlanesOneAfterTheOtherGiveTheSame(_ input: Shape) {
        let x = Variable(operands([input])[0])
        let whole = x.volumeMaxPooled(kernel: 3, stride: 2, padding: 1)
        let planes = x.reshaped([input[0] * input[1], input[2], input[3], input[4]])
            .maxPooled(kernel: 3, stride: 2, padding: 1)
        let (height, width) = (planes.shape[1], planes.shape[2])
        let steps = planes.reshaped([input[0], input[1], height, width, input[4]])
            .volumeMaxPooled(kernel: Triple(3, 1, 1), stride: Triple(2, 1, 1), padding: Triple(1, 0, 0))
        #expect(whole.value.array == steps.value.array)
    }

    @Test func paddingNeverWins() {
        let x = Variable<Float>(Tensor([1, 1, 2, 2, 1], repeating: -4))
        #expect(x.volumeMaxPooled(kernel: 3, stride: 1, padding: 1).value.array == [-4, -4, -4, -4])
    }

    @Test func precisionAndThreads() {
        let cases: [(Shape, Pooling)] = [
            ([3, 4, 9, 7, 17], Pooling(kernel: 3, stride: 2, padding: 1)),
            ([2, 8, 8, 8, 32], Pooling(kernel: 2, stride: 2)),
            ([2, 3, 8, 8, 5], Pooling(kernel: Triple(1, 2, 2), stride: Triple(1, 2, 2))),
        ]
        for (input, pooling) in cases {
            #expect(pooling.largestError([input]) < 2e-6)
            #expect(pooling.threadViolations([input]) == [])
        }
    }
}
