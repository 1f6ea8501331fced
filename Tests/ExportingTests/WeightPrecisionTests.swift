import Autograd
import Exporting
import Layers
import Models
import Tensors
import Testing

/// Weights in fewer bits.
@Suite struct WeightPrecisionTests {
    private let convolutional = ModelSpecification(
        ResNetSpecification(baseWidth: 6, depths: [1, 1], stem: .small, classes: 5))
    private let pooled = ModelSpecification(
        ResNetSpecification(baseWidth: 6, depths: [1, 1], stem: .large, classes: 5))
    private let transformer = ModelSpecification(
        SwinSpecification(baseWidth: 8, depths: [1, 1], heads: [2, 2], stemStride: 2, window: 4, classes: 5))
    private let depthwise = ModelSpecification(
        ConvNeXtSpecification(widths: [6, 8], depths: [1, 1], stemStride: 2, classes: 5))

    private func floats(_ sample: Sample) -> ParameterStore<Float> { ParameterStore(converting: sample.store) }

    /// Ranges of what layers are given and make for some images.
    private func ranges(_ sample: Sample, _ images: Tensor<Float>) -> ActivationRanges {
        final class Seen: @unchecked Sendable { var ranges = ActivationRanges() }
        let seen = Seen()
        var probe = LayerProbe()
        probe.input = { path, x in
            seen.ranges.add(input: path, x.array.min()!...x.array.max()!)
            return x
        }
        probe.output = { path, x in
            seen.ranges.add(output: path, x.array.min()!...x.array.max()!)
            return x
        }
        LayerProbe.$current.withValue(probe) { _ = sample.model.answer(images, floats(sample)) }
        return seen.ranges
    }

    private func logits(_ model: ONNXModel, _ images: Axes) throws -> [Double] {
        let reader = try ONNXReader(Array(model.pieces.joined()))
        return try #require(try Interpreter(model: reader).run(["images": images])["logits"]).values
    }

    @Test func halfPrecisionHasTheNearestNumbers() {
        for (value, bits) in [
            (Float(0), UInt16(0)), (1, 0x3C00), (-2, 0xC000), (65504, 0x7BFF), (0x1p-24, 1), (0x1p-26, 0),
            (1 + 0x1p-11, 0x3C00), (1 + 0x3p-11, 0x3C02), (0.1, 0x2E66), (0x1.ff8p-15, 0x3FF), (0x1.ffcp-15, 0x400),
            (0x1.fffp-15, 0x400),
        ] {
            #expect(HalfWeights.bits(value) == bits, "\(value)")
        }
    }

    @Test func halfWeightsAreCloseAndTakeHalfOfTheFile() throws {
        let sample = try Sample(transformer, height: 16, width: 16)
        let (images, wanted) = sample.results(images: 2)
        let plain = try ONNXModel(transformer, height: 16, width: 16, tensors: sample.tensors)
        let half = try ONNXModel(transformer, height: 16, width: 16, tensors: sample.tensors, weights: .fp16)
        let found = try logits(half, images)
        let largest = wanted.map { abs($0) }.max() ?? 0
        let errors = zip(found, wanted).map { abs($0 - $1) }
        #expect(errors.allSatisfy { $0 < 5e-3 * largest } && errors.contains { $0 > 1e-7 })
        #expect(half.byteCount < plain.byteCount)
    }

    @Test func bytesHoldZeroAndTheirRange() {
        let scale = ByteScale(-1...3)
        #expect(scale.zero == 64 && scale.rounded(0) == 0)
        #expect(abs(scale.rounded(3) - 3) < 0.01 && scale.rounded(9) == scale.rounded(3))
        // A range above 0 is widened to 0, one of nothing has a step.
        #expect(ByteScale(2...3).zero == 0 && ByteScale(2...3).scale == 3 / 255 && ByteScale(0...0).scale == 1)
        let weights = SignedBytes([1, -0.5, 0.25, 100, 0, -127], channels: 2)
        #expect(weights.values == [127, -64, 32, 100, 0, -127] && weights.scales == [1 / 127, 1])
    }

    @Test(arguments: [0, 1, 2, 3])
    func bytesStayCloseToTheModel(_ number: Int) throws {
        let specification = [convolutional, pooled, transformer, depthwise][number]
        let size = number == 1 ? 32 : 16
        let sample = try Sample(specification, height: size, width: size)
        let (images, wanted) = sample.results(images: 2)
        let input = Tensor<Float>([2, 3, size, size], images.values.map { Float($0) }).transposed([0, 2, 3, 1])
        let ranges = ranges(sample, input)
        let model = try ONNXModel(
            specification, height: size, width: size, tensors: sample.tensors, weights: .int8, ranges: ranges)
        #expect(model.quantized.others.isEmpty && model.quantized.layers.count > 4)
        let found = try logits(model, images)
        let largest = wanted.map { abs($0) }.max() ?? 0
        let error = zip(found, wanted).map { abs($0 - $1) }.max() ?? 0
        #expect(error < 0.1 * largest && error > 1e-6, "\(error) of \(largest)")

        // No kernel is left in floats, and no batch norm behind a convolution.
        let reader = try ONNXReader(Array(model.pieces.joined()))
        let kinds = reader.nodes.map(\.kind)
        #expect(kinds.contains("QuantizeLinear") && !kinds.contains("BatchNormalization"))
        for layer in model.quantized.layers { #expect(reader.constants[layer + ".weight.int8"]?.type == 3) }
        #expect(
            !reader.constants.contains { $0.value.type == 1 && $0.value.shape.count == 4 && $0.key.hasSuffix("weight") }
        )
    }

    @Test func activationsGoIntoTheirConvolutions() throws {
        let sample = try Sample(convolutional, height: 16, width: 16)
        let input = Tensor<Float>.zeros([1, 16, 16, 3])
        let model = try ONNXModel(
            convolutional, height: 16, width: 16, tensors: sample.tensors, weights: .int8, ranges: ranges(sample, input)
        )
        let nodes = try ONNXReader(Array(model.pieces.joined())).nodes
        for node in nodes where node.kind == "Conv" {
            let readers = nodes.filter { $0.inputs.contains(node.outputs[0]) }
            #expect(readers.count == 1 && ["Relu", "QuantizeLinear"].contains(readers[0].kind), "\(node.name)")
            if readers[0].kind == "Relu" {
                #expect(nodes.filter { $0.inputs.contains(readers[0].outputs[0]) }.map(\.kind) == ["QuantizeLinear"])
            }
        }
        // Sums of bytes are sums of bytes on both sides.
        for node in nodes where node.kind == "Add" && node.name.hasSuffix(".sum") {
            #expect(node.inputs.allSatisfy { $0.hasSuffix(".dequantized") })
        }
    }

    @Test func layersWithoutARangeStayAsTheyAre() throws {
        let sample = try Sample(convolutional, height: 16, width: 16)
        let model = try ONNXModel(convolutional, height: 16, width: 16, tensors: sample.tensors, weights: .int8)
        #expect(model.quantized.layers.isEmpty && model.quantized.others.contains("conv1"))
        let (images, wanted) = sample.results(images: 1)
        for (a, b) in zip(try logits(model, images), wanted) { #expect(abs(a - b) < 1e-4) }
    }
}
