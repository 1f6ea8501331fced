import Layers
import Models
import Tensors
import Testing

/// Taps at strides 4, 8, 16 and 32 for images of 512x2048 pixels.
private func taps(_ channels: [Int]) -> [FeatureTap] {
    channels.enumerated().map {
        FeatureTap(name: "stage\($0)", stride: 4 << $0, channels: $1, height: 128 >> $0, width: 512 >> $0)
    }
}

private func head(_ specification: any HeadSpecification, _ channels: [Int]) throws -> ParameterList {
    let scope = Scope()
    _ = try specification.makeHead(scope, taps: taps(channels))
    return scope.list
}

@Suite struct DenseCountTests {
    /// The counts of mmsegmentation's head with 150 classes over Swin-T's or ConvNeXt-T's, ResNet-50's and HorNet-T's maps.
    @Test(arguments: [(96, 31_497_366), (256, 40_590_486), (64, 29_678_742)])
    func upernetHasItsParameters(width: Int, parameters: Int) throws {
        let list = try head(
            UPerNetHeadSpecification(classes: 150, auxiliary: false), (0..<4).map { width << $0 })
        #expect(list.parameterCount == parameters)
    }

    @Test func hornetWithUpernetIsThePublishedModel() throws {
        func model(_ name: String, _ fusion: Fusion = .conv) throws -> Model {
            var backbone = try #require(HorNetSpecification.variant(name))
            // The authors' dense models are made for larger maps than 224 pixels give.
            if name.hasSuffix("gf") {
                backbone.mixers[2...] = [.globalFilter(rows: 24, columns: 13), .globalFilter(rows: 12, columns: 7)]
            }
            return try ModelSpecification(
                backbone, head: UPerNetHeadSpecification(classes: 150, fusion: fusion)
            ).makeModel(height: 512, width: 512)
        }
        func multiplyAdds(_ model: Model) throws -> Double {
            Double(try model.trace(height: 512, width: 2048).multiplyAdds) * 1e-9
        }
        let tiny = try model("hornet_tiny_7x7")
        func count(_ part: String) -> Int {
            tiny.parameters.entries.filter { $0.name.hasPrefix(part + ".") }.reduce(0) { $0 + $1.shape.elementCount }
        }
        #expect(count("decode_head") == 29_678_742 && count("auxiliary_head") == 628_886)
        #expect(tiny.parameters.parameterCount == 52_205_036)
        #expect(tiny.parameters.entries.map(\.name).filter { $0.hasPrefix("norm") }.count == 8)
        let trace = try tiny.trace(height: 512, width: 2048)
        #expect(trace.parameters == tiny.parameters.parameterCount, "the tree must hold every parameter once")
        // Published: 52M, 926G and, with global filters, 55M, 924G; 81M, 1030G for the small model, 453G less with HorFPN.
        #expect(abs(try multiplyAdds(tiny) - 926) <= 1)
        let filters = try model("hornet_tiny_gf")
        #expect((Double(filters.parameters.parameterCount) * 1e-6).rounded() == 55)
        #expect(abs(try multiplyAdds(filters) - 924) <= 1)
        let small = try model("hornet_small_7x7")
        #expect((Double(small.parameters.parameterCount) * 1e-6).rounded() == 81)
        #expect(abs(try multiplyAdds(small) - 1030) <= 1)
        let fused = try model("hornet_small_7x7", .gnconv7x7)
        #expect((try multiplyAdds(small) - multiplyAdds(fused)).rounded() == 453)
    }

    /// HorFPN's module in place of the last fusion of UPerNet, its norm left out of the count.
    @Test(arguments: [(Fusion.conv, 9_437_184), (.gnconv7x7, 2_530_816), (.gnconvGF, 2_916_736)])
    func fusionsOfUpernetHaveTheirParameters(fusion: Fusion, parameters: Int) throws {
        let list = try head(
            UPerNetHeadSpecification(classes: 150, fusion: fusion), [96, 192, 384, 768])
        let inFusion = list.entries.filter {
            $0.name.hasPrefix("decode_head.fpn_bottleneck.") && !$0.name.contains(".bn.")
        }
        #expect(inFusion.reduce(0) { $0 + $1.shape.elementCount } == parameters)
    }

    @Test(arguments: [(Fusion.conv, 590_080), (.gnconv7x7, 249_600), (.gnconvGF, 442_560)])
    func pyramidsHaveTheirParameters(fusion: Fusion, output: Int) throws {
        let scope = Scope()
        _ = try FeaturePyramidSpecification(fusion: fusion).makeNeck(scope, taps: taps([256, 512, 1024, 2048]))
        #expect(scope.list.parameterCount == 3_344_384 - 4 * 590_080 + 4 * output)
        #expect(
            scope.list.entries.prefix(2).map { "\($0.name) \($0.fileShape)" } == [
                "neck.lateral_convs.0.conv.weight [256, 256, 1, 1]", "neck.lateral_convs.0.conv.bias [256]",
            ])
    }

    /// Levels of stride 4, 8, 16 and 32 have 1, 1, 2 and 3 convolutions, at even places of mmsegmentation's lists.
    @Test func semanticFPNHasItsLayersAndNames() throws {
        let list = try head(SemanticFPNHeadSpecification(classes: 150), [256, 256, 256, 256])
        #expect(
            list.entries.map(\.name).filter { $0.hasSuffix("conv.weight") } == [
                "decode_head.scale_heads.0.0.conv.weight", "decode_head.scale_heads.1.0.conv.weight",
                "decode_head.scale_heads.2.0.conv.weight", "decode_head.scale_heads.2.2.conv.weight",
                "decode_head.scale_heads.3.0.conv.weight", "decode_head.scale_heads.3.2.conv.weight",
                "decode_head.scale_heads.3.4.conv.weight",
            ])
        #expect(list.entries.last?.name == "decode_head.conv_seg.bias")
        #expect(list.parameterCount == 4 * 256 * 9 * 128 + 3 * 128 * 9 * 128 + 7 * 256 + 129 * 150)
    }

    @Test(arguments: [
        (false, 1, 31_037_633, 36.88, 48.17), (false, 2, 31_037_698, 36.88, 48.17), (true, 1, 17_262_977, 30.61, 39.98),
    ])
    func unetsHaveTheirParametersAndMultiplyAdds(
        bilinear: Bool, classes: Int, parameters: Int, at224: Double, at256: Double
    ) throws {
        let model = try ModelSpecification(
            UNetSpecification(bilinear: bilinear), head: UNetHeadSpecification(classes: classes, bilinear: bilinear)
        ).makeModel(height: 224, width: 224)
        #expect(model.parameters.parameterCount == parameters)
        for (side, expected) in [(224, at224), (256, at256)] {
            let trace = try model.trace(height: side, width: side)
            #expect(abs(Double(trace.multiplyAdds) * 1e-9 - expected) < 0.01)
            #expect(trace.parameters == parameters)
        }
    }

    /// Of our reading of the paper, which has 12.26 M and 3.60 M.
    @Test(arguments: [(64, 12_208_828, 12.26), (32, 3_576_272, 3.60)])
    func segnetrHasAboutThePublishedParameters(width: Int, parameters: Int, published: Double) throws {
        let model = try ModelSpecification(
            SegNetrSpecification(baseWidth: width), head: SegNetrHeadSpecification(classes: 1)
        ).makeModel(height: 224, width: 224)
        #expect(model.parameters.parameterCount == parameters)
        #expect(abs(Double(parameters) * 1e-6 - published) < 0.01 * published)
    }

    /// A pyramid is drawn Xavier-uniform with biases of 0, HorFPN's module as well; in a head it keeps PyTorch's values.
    @Test func firstValuesAreThoseOfTheLibraries() throws {
        let scope = Scope()
        _ = try FeaturePyramidSpecification(fusion: .gnconv7x7).makeNeck(scope, taps: taps([8, 16, 32, 64]))
        for entry in scope.list.entries {
            #expect(entry.initializer == (entry.role == .bias ? .constant(0) : .xavierUniform), "\(entry.name)")
        }
        // Each layer of the module by its own inputs: nothing behind it would make up for maps that start near 0.
        let second = Scope()
        _ = try FeaturePyramidSpecification(fusion: .gnconv7x7, style: .torchvision)
            .makeNeck(second, taps: taps([8, 16, 32, 64]))
        for entry in second.list.entries where entry.role != .bias {
            #expect(entry.initializer == .varianceFanIn, "\(entry.name)")
        }
        let list = try head(UPerNetHeadSpecification(classes: 5, channels: 8, fusion: .gnconv7x7), [8, 16, 32, 64])
        func initializer(_ name: String) throws -> Initializer {
            try #require(list.entries.first { $0.name == "decode_head." + name }).initializer
        }
        #expect(try initializer("bottleneck.conv.weight") == .kaimingNormalFanOut)
        #expect(try initializer("conv_seg.weight") == .normal(deviation: 0.01))
        #expect(try initializer("fpn_bottleneck.dwconv.weight") == .uniformFanIn)
        #expect(try initializer("fpn_bottleneck.dwconv.bias") == .uniform(bound: 1.0 / 7))
        #expect(try initializer("fpn_bottleneck.bn.weight") == .constant(1))
    }
}
