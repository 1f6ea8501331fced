import Autograd
import Layers
import Models
import Tensors
import Testing

private func model(_ backbone: HDSRNetSpecification, scale: Int, side: Int = 8) throws -> Model {
    try ModelSpecification(backbone, head: EnlargingHeadSpecification(scale: scale))
        .makeModel(height: side, width: side)
}

@Suite struct HDSRNetTests {
    /// As the paper's code has them, the fixed shifts by the mean color among them.
    @Test(arguments: [(2, 1_818_520), (3, 2_003_160), (4, 1_966_232)])
    func theModelHasItsParameters(scale: Int, parameters: Int) throws {
        let model = try model(.free, scale: scale)
        #expect(model.parameters.parameterCount == parameters)
        #expect(
            try model.trace(height: 8, width: 8).parameters == parameters, "the tree must hold every parameter once")
        #expect(ParameterStore<Float>(model.parameters, seed: 0).isTrainable.filter { !$0 }.count == 4)
    }

    /// Convolutions, the attention of the dynamic ones, and the mixing of their kernels.
    @Test func multiplyAddsAreThoseOfTheLayers() throws {
        let trace = try model(.free, scale: 2).trace(height: 8, width: 10)
        let pixels = 80
        let hidden = 5 * (64 * 16 + 16 * 4)
        let mixing = 5 * 4 * (9 * 64 * 64 + 64)
        let layers = 9 * 64 * (2 * 3 + 64 * (10 + 5 + 15)) + 9 * 64 * 256
        let shifts = 9 * pixels + 9 * 4 * pixels
        #expect(trace.multiplyAdds == pixels * layers + 4 * pixels * 9 * 64 * 3 + hidden + mixing + shifts)
    }

    @Test(arguments: [2, 3, 4])
    func theAnswerIsTheLargeImage(scale: Int) throws {
        let model = try model(HDSRNetSpecification(width: 4, groups: 1), scale: scale)
        let store = ParameterStore<Float>(model.parameters, seed: 2)
        var random = Random(seed: 1, purpose: "images")
        let images = Tensor<Float>.normal([3, 7, 9, 3], from: &random)
        let output = model(Variable(images), .evaluation(store)).logits.value
        #expect(output.shape == [3, 7 * scale, 9 * scale, 3])
        // Each image has kernels of its own, so that neighbors in a batch play no part.
        let size = output.elementCount / 3
        for index in 0..<3 {
            let count = images.elementCount / 3
            let one = Tensor<Float>([1, 7, 9, 3], Array(images.array[index * count..<(index + 1) * count]))
            let alone = model(Variable(one), .evaluation(store)).logits.value.array
            #expect(alone == Array(output.array[index * size..<(index + 1) * size]))
        }
    }

    /// What the layers say in the order of the paper's figure, written out with nothing but convolutions of one image.
    @Test func theModelIsWhatItsFigureSays() throws {
        let model = try model(HDSRNetSpecification(width: 4, groups: 1, experts: 2), scale: 2)
        let store = ParameterStore<Double>(model.parameters, seed: 3)
        store.redraw(seed: 3)
        func parameter(_ name: String) throws -> Variable<Double> {
            let index = try #require(store.list.entries.firstIndex { $0.name == name })
            return Variable(store.tensor(index))
        }
        func convolved(_ x: Variable<Double>, _ name: String, dilation: Int = 1) throws -> Variable<Double> {
            x.convolution(
                try parameter(name + ".weight"), nil, padding: Pair(dilation), dilation: Pair(dilation))
        }
        func shifted(_ x: Variable<Double>, _ name: String) throws -> Variable<Double> {
            x.convolution(try parameter(name + ".shifter.weight"), try parameter(name + ".shifter.bias"))
        }
        var random = Random(seed: 4, purpose: "image")
        let image = Variable(Tensor<Double>.normal([1, 5, 6, 3], from: &random))
        let centered = try shifted(image, "sub_mean")
        let entry = try convolved(centered, "upper.0").relu()
        let spread = try convolved(entry, "upper.1", dilation: 2).relu()
        let hidden = spread.globalAveragePooled().linear(try parameter("upper.2.attention.net.0.weight")).relu()
        let scores = hidden.linear(try parameter("upper.2.attention.net.2.weight")).scaled(by: 1 / 40)
        let shares = scores.softmax().value.array
        let kernels = try parameter("upper.2.weight").value.array
        let offsets = try parameter("upper.2.bias").value.array
        let size = kernels.count / 2
        let kernel = (0..<size).map { shares[0] * kernels[$0] + shares[1] * kernels[size + $0] }
        let offset = (0..<4).map { shares[0] * offsets[$0] + shares[1] * offsets[4 + $0] }
        let mixed = spread.convolution(
            Variable(Tensor([4, 3, 3, 4], kernel)), Variable(Tensor([4], offset)), padding: 1
        ).relu()
        let above = try convolved(mixed, "upper.3").relu() + entry
        let first = try convolved(centered, "lower.0").relu()
        let second = try convolved(first, "lower.1").relu()
        let third = try convolved(second, "lower.2").relu() + second
        let below = try convolved(third, "lower.3").relu() + first
        let wide = (above * below).convolution(
            try parameter("upsample.0.weight"), try parameter("upsample.0.bias"), padding: 1)
        let expected = try shifted(
            try convolved(wide.depthToSpace(2, .channelMajor), "tail"), "add_mean"
        ).value.array
        let answer = model(image, .evaluation(store)).logits.value.array
        #expect(zip(answer, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test func modelsWithoutAMapOfTheImagesSizeAreRefused() {
        let head = EnlargingHeadSpecification(scale: 2)
        let error = #expect(throws: ModelError.self) {
            try ModelSpecification(ResNetSpecification(baseWidth: 2, depths: [1, 1, 1, 1]), head: head)
                .makeModel(height: 32, width: 32)
        }
        #expect(error?.description.contains("hdsrnet") == true)
        #expect(throws: ModelError.self) {
            try ModelSpecification(HDSRNetSpecification(), head: EnlargingHeadSpecification(scale: 5))
                .makeModel(height: 8, width: 8)
        }
    }
}
