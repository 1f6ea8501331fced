import Autograd
import Tensors
import TestSupport
import Testing

@Suite struct FlippedTapsTests {
    @Test func tapsGoFromTheLastToTheFirst() {
        let w = Variable(Tensor<Float>([2, 2, 2, 1], (1...8).map { Float($0) }))
        #expect(w.flippedTaps().value.array == [4, 3, 2, 1, 8, 7, 6, 5])
        // Channels keep their order.
        let deep = Variable(Tensor<Float>([1, 3, 2], [1, 2, 3, 4, 5, 6]))
        #expect(deep.flippedTaps().value.array == [5, 6, 3, 4, 1, 2])
    }

    /// (f * g)[t] = sum over a of f[t - a] g[a], element by element.
    @Test func aFlippedConvolutionIsTheOneOfMathematics() {
        let (f, g): ([Double], [Double]) = ([1, 2, 3, 4, 5], [1, 10, 100])
        var expected = [Double](repeating: 0, count: 7)
        for t in 0..<7 { for a in 0..<3 where 0..<5 ~= t - a { expected[t] += f[t - a] * g[a] } }
        let x = Variable(Tensor([1, 1, 5, 1], f))
        let w = Variable(Tensor([1, 1, 3, 1], g))
        #expect(x.convolution(w, nil, padding: Pair(0, 2), flipped: true).value.array == expected)
        // The same backward, as a cross-correlation.
        #expect(x.convolution(w, nil, padding: Pair(0, 2)).value.array != expected)
    }

    @Test func symmetricKernelsDoNotNoticeIt() {
        let x = Variable(operands([[1, 4, 6, 5, 2]])[0])
        let w = operands([[3, 3, 3, 3, 2]], seed: 4)[0]
        let turned = Variable(w).flippedTaps()
        let symmetric = Variable(w) + turned
        let a = x.volumeConvolution(symmetric, nil, padding: 1, flipped: true)
        let b = x.volumeConvolution(symmetric, nil, padding: 1)
        #expect(a.value.array == b.value.array)
        let (c, d) = (x.volumeConvolution(Variable(w), nil, flipped: true), x.volumeConvolution(turned, nil))
        #expect(c.value.array == d.value.array)
    }
}
