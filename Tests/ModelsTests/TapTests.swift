import Autograd
import Layers
import Models
import Tensors
import Testing

/// Small models that between them have everything that decides a map's size.
private let samples: [any BackboneSpecification] = [
    HorNetSpecification(
        baseWidth: 4, depths: [1, 1], orders: [1, 2], stemStride: 1, mixers: [.depthwise7x7, .depthwise7x7]),
    HorNetSpecification(baseWidth: 4, depths: [1, 1, 1], orders: [1, 2, 2], stemStride: 2, mixers: filters(3)),
    HorNetSpecification(baseWidth: 4, depths: [1, 1], orders: [1, 2], stemStride: 4, mixers: filters(2)),
    ConvNeXtSpecification(widths: [4, 5, 6], depths: [1, 1, 1], stemStride: 1),
    ConvNeXtSpecification(widths: [4, 6], depths: [1, 2], stemStride: 2),
    ConvNeXtSpecification(widths: [4, 6], depths: [1, 1], stemStride: 4),
    ResNetSpecification(baseWidth: 2, depths: [1, 1, 1, 1]),
    ResNetSpecification(baseWidth: 2, depths: [1, 1, 1], block: .bottleneck),
    ResNetSpecification(baseWidth: 2, depths: [2, 1, 1], stem: .small, shortcut: .padding),
    CvTSpecification(widths: [4, 4, 6], heads: [1, 2, 2], depths: [1, 1, 1]),
    CvTSpecification(
        widths: [4, 6], heads: [2, 3], depths: [1, 1], embedKernels: [5, 2], embedStrides: [3, 2], keyStride: 3,
        classToken: false),
    CvTSpecification(widths: [4], heads: [1], depths: [1], embedKernels: [4], embedStrides: [7], keyStride: 1),
    UNetSpecification(baseWidth: 2), UNetSpecification(baseWidth: 3, bilinear: true),
    SegNetrSpecification(baseWidth: 4),
    ResNetSpecification(baseWidth: 4, depths: [1, 1], stem: .small, kernels: KernelSpecification(.kernelWarehouse)),
    MobileNetV2Specification(width: 0.1), MobileNetV2Specification(width: 0.1, stem: .small),
    AFFNetSpecification(widths: [4, 6, 8, 8, 16], depths: [1, 1, 1], expansion: 2),
    AFFNetSpecification(widths: [4, 6, 8, 8, 16], depths: [1, 2, 1], expansion: 1, stem: .small),
    SwinSpecification(baseWidth: 4, depths: [2, 2], heads: [1, 2], stemStride: 3, window: 3),
    SwinSpecification(
        baseWidth: 2, depths: [1, 2, 2], heads: [2, 1, 4], window: 5, fitsWindows: true, shiftsAlways: true),
    MobileFormerSpecification(
        stemWidth: 4, widths: [4, 8, 8, 12], expansions: [2, 2, 3, 2], strides: [2, 2, 1, 2],
        tokens: .init(count: 2, width: 4), ending: .init(width: 5)),
    MobileFormerSpecification(
        stemWidth: 4, stemStride: 1, widths: [8, 8], expansions: [1, 2], strides: [1, 1],
        tokens: .init(count: 1, width: 8), ending: .init(width: 5), groups: 4),
    HDSRNetSpecification(width: 4, groups: 1, experts: 2),
    MixNetSpecification(mixer: .gnConvGF, widths: [16, 16], depths: [1, 1]),
    MixNetSpecification(mixer: .windowAttention, widths: [16, 16, 32], depths: [1, 2, 1], stemStride: 2),
    PlainSpecification(widths: [3, 4, 5], depths: [1, 1, 1]),
]

private func filters(_ stages: Int) -> [HorNetSpecification.Mixer] {
    (0..<stages).map { $0 == 0 ? .depthwise7x7 : .globalFilter(rows: nil, columns: nil) }
}

@Suite struct TapTests {
    @Test func everyFamilyIsAmongTheSamples() {
        let names = Set(samples.map { type(of: $0).name })
        for family in ModelFamily.builtIn { #expect(names.contains(family.name), "\(family.name)") }
    }

    /// At any size, odd ones included, and with a model made for another size than it is run at.
    @Test(arguments: samples.indices)
    func tapsTellTheSizesOfTheMapsThatAreComputed(index: Int) throws {
        var specification = ModelSpecification(samples[index])
        specification.classes = 3
        var random = Random(seed: 7, purpose: "sizes", index)
        // SegNetr takes sides that are multiples of 32 alone, and U-Net halves four times.
        let (step, steps) = samples[index] is SegNetrSpecification ? (32, 3) : (1, 70)
        let least = samples[index] is UNetSpecification ? 8 : 0
        func side() -> Int { least + step * (1 + random.integer(below: steps)) }
        func size() -> (Int, Int) { (side(), side()) }
        var count = (run: 0, refused: 0)
        for _ in 0..<12 {
            let made = size()
            guard let model = try? specification.makeModel(height: made.0, width: made.1) else {
                count.refused += 1
                continue
            }
            let store = ParameterStore<Float>(model.parameters, seed: 1)
            for (height, width) in [made, size(), size()] {
                guard let taps = try? model.taps(height: height, width: width) else {
                    // What has no taps makes no model either, so nobody comes to run it.
                    #expect(throws: ModelError.self) { try specification.makeModel(height: height, width: width) }
                    #expect(throws: ModelError.self) { try model.trace(height: height, width: width) }
                    count.refused += 1
                    continue
                }
                let output = model(Variable(Tensor([2, height, width, 3], repeating: 0.5)), .evaluation(store))
                let shapes = taps.map { Shape([2, $0.height, $0.width, $0.channels]) }
                #expect(output.features.map(\.shape) == shapes, "\(height)x\(width), made for \(made)")
                #expect(output.logits.shape == [2, 3])
                let traced = try model.backbone.trace([1, height, width, 3], ModelTrace(model: ""))
                #expect(traced.map { $0.replacing(axis: 0, with: 2) } == shapes, "\(height)x\(width)")
                count.run += 1
            }
        }
        #expect(count.run >= 12, "most sizes must be run, \(count.refused) were refused")
    }
}
