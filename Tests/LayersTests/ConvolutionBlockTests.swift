import Autograd
import Layers
import Tensors
import Testing

@Suite struct ConvolutionBlockTests {
    private let scope = Scope()
    private let block: ConvolutionBlock
    private let store: ParameterStore<Double>
    private let x = Variable(Tensor<Double>([2, 4, 5, 6], (0..<240).map { cosine(1.7 * Double($0)) }))

    init() {
        block = ConvolutionBlock(
            scope["down"], convolution: "conv", norm: "bn", inputs: 6, outputs: 4, kernel: 3, padding: 2, dilation: 2)
        store = ParameterStore(scope.list, seed: 3)
    }

    @Test func theParametersAreNamedAsAsked() {
        #expect(scope.list.entries.map(\.name) == ["down.conv.weight", "down.bn.weight", "down.bn.bias"])
    }

    @Test func itIsConvolutionNormAndRelu() {
        for mode in [Context<Double>.Mode.training, .evaluation] {
            let (fused, plain) = (Context(store, mode: mode), Context(store, mode: mode))
            let y = block(x, fused).value.array
            let expected = block.norm(block.convolution(x, plain), plain).relu().value.array
            #expect(zip(y, expected).allSatisfy { abs($0 - $1) < 1e-12 })
            #expect(y.contains(0) && y.contains { $0 > 0 })
            for buffer in [block.norm.runningMean, block.norm.runningVariance, block.norm.batchesTracked] {
                let (a, b) = (fused.current(buffer).array, plain.current(buffer).array)
                #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 })
            }
        }
    }

    @Test func joinedMapsCountAsOne() {
        let parts = x.split(channels: [4, 2])
        let (joined, plain) = (Context(store, mode: .training), Context(store, mode: .training))
        #expect(block(joining: parts, joined).value.array == block(x, plain).value.array)
    }

    @Test func theTraceCountsTheConvolution() throws {
        let trace = ModelTrace(model: "net")
        #expect(try block.trace([1, 4, 5, 6], trace) == [1, 4, 5, 4])
        #expect(trace.root.multiplyAdds == 4 * 5 * 4 * 9 * 6)
        #expect(trace.root.parameters == 4 * 9 * 6 + 8)
    }
}
