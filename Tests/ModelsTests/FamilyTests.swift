import Autograd
import Foundation
import Layers
import Models
import Tensors
import Testing

private func variant(_ name: String) throws -> ModelSpecification {
    try #require(ModelSpecification.variant(name), "no model is called \(name)")
}

@Suite struct FamilyTests {
    /// Parameters and multiply-adds of one image, head included, as counted in PyTorch models of the same shape.
    @Test(arguments: [
        ("convnext_tiny", 224, 28_589_128, 4_455_531_264), ("convnext_small", 224, 50_223_688, 8_683_712_256),
        ("convnext_base", 224, 88_591_464, 15_354_729_472), ("convnext_nano32", 32, 2_178_794, 28_746_240),
        ("resnet18", 224, 11_689_512, 1_814_073_344), ("resnet34", 224, 21_797_672, 3_663_761_408),
        ("resnet50", 224, 25_557_032, 4_089_184_256), ("resnet20", 32, 269_722, 40_551_040),
        ("resnet56", 32, 853_018, 125_485_696), ("resnet110", 32, 1_727_962, 252_887_680),
        ("resnext50", 224, 25_028_904, 4_230_479_872), ("resnext101", 224, 88_791_336, 16_414_015_488),
        ("resnext_nano32", 32, 976_554, 161_321_984),
        ("cvt_13", 224, 19_997_480, 4_566_089_216), ("cvt_13", 384, 19_997_480, 16_269_359_616),
        ("cvt_21", 224, 31_622_696, 7_177_985_024), ("cvt_21", 384, 31_622_696, 24_849_091_584),
        ("cvt_w24", 384, 277_196_392, 194_221_654_016), ("cvt_nano32", 32, 4_024_970, 93_557_248),
        ("mobilenetv2_100", 224, 3_504_872, 300_774_272), ("mobilenetv2_nano32", 32, 700_490, 27_969_024),
        ("affnet_base", 256, 5_568_696, 1_453_721_088), ("affnet_t", 256, 2_654_232, 786_462_720),
        ("affnet_et", 256, 1_436_264, 356_236_800), ("affnet_nano32", 32, 242_522, 28_424_960),
        ("swin_tiny", 224, 28_288_354, 4_490_566_656), ("swin_small", 224, 49_606_258, 8_740_875_264),
        ("swin_base", 224, 87_768_224, 15_430_946_816), ("swin_nano32", 32, 2_643_758, 107_416_064),
        ("mobile_former_508m", 224, 13_976_976, 498_467_680), ("mobile_former_294m", 224, 11_422_648, 286_732_160),
        ("mobile_former_214m", 224, 9_425_920, 208_374_240), ("mobile_former_151m", 224, 7_595_828, 146_249_168),
        ("mobile_former_96m", 224, 4_585_252, 92_017_040), ("mobile_former_52m", 224, 3_469_092, 49_290_496),
        ("mobile_former_26m", 224, 3_232_788, 23_550_208), ("mobile_former_nano32", 32, 1_005_018, 15_077_632),
    ])
    func variantsHaveTheirParametersAndMultiplyAdds(name: String, size: Int, parameters: Int, multiplyAdds: Int) throws
    {
        let model = try variant(name).makeModel(height: size, width: size)
        #expect(model.parameters.parameterCount == parameters)
        let trace = try model.trace(height: size, width: size)
        #expect(trace.parameters == parameters, "the tree must hold every parameter once")
        #expect(trace.multiplyAdds == multiplyAdds)
    }

    @Test(arguments: [
        "convnext_nano32", "cvt_nano32", "resnet20", "convnext_tiny", "resnet50", "cvt_13", "swin_nano32", "swin_tiny",
    ])
    func tapsDescribeTheFeatures(name: String) throws {
        let specification = try variant(name)
        let side = specification.usualImageSize(named: name)
        let (height, width) = (side == 32 ? 32 : 64, side == 32 ? 27 : 70)
        let model = try specification.makeModel(height: height, width: width)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        var random = Random(seed: 1, purpose: "images")
        let output = model(Variable(.normal([2, height, width, 3], from: &random)), .evaluation(store))
        let taps = try model.taps(height: height, width: width)
        #expect(taps.map { Shape([2, $0.height, $0.width, $0.channels]) } == output.features.map(\.shape))
        #expect(output.logits.shape == [2, specification.classes])
        #expect(output.logits.value.isFinite)
        let expected: [String: ([Int], [Int])] = [
            "convnext_nano32": ([2, 4, 8, 16], [32, 64, 128, 256]), "cvt_nano32": ([2, 4, 8], [64, 128, 256]),
            "resnet20": ([1, 2, 4], [16, 32, 64]), "convnext_tiny": ([4, 8, 16, 32], [96, 192, 384, 768]),
            "resnet50": ([4, 8, 16, 32], [256, 512, 1024, 2048]), "cvt_13": ([4, 8, 16], [64, 192, 384]),
            "swin_nano32": ([2, 4, 8], [64, 128, 256]), "swin_tiny": ([4, 8, 16, 32], [96, 192, 384, 768]),
        ]
        #expect(taps.map(\.stride) == expected[name]?.0)
        #expect(taps.map(\.channels) == expected[name]?.1)
        #expect(taps.map(\.name) == (0..<taps.count).map { "stage\($0)" })
    }

    @Test func parametersHaveTheOfficialNames() throws {
        func names(_ name: String) throws -> [String] {
            try variant(name).makeModel(height: 64, width: 64).parameters.entries.map {
                "\($0.name) \($0.fileShape)"
            }
        }
        let convnext = try names("convnext_tiny")
        #expect(convnext[0] == "stem.0.weight [96, 3, 4, 4]")
        #expect(
            convnext[4..<8] == [
                "stages.0.blocks.0.gamma [96]", "stages.0.blocks.0.conv_dw.weight [96, 1, 7, 7]",
                "stages.0.blocks.0.conv_dw.bias [96]", "stages.0.blocks.0.norm.weight [96]",
            ])
        #expect(convnext.contains("stages.2.downsample.1.weight [384, 192, 2, 2]"))
        #expect(convnext.contains("stages.3.blocks.2.mlp.fc2.weight [768, 3072]"))
        #expect(
            convnext.suffix(4) == [
                "head.norm.weight [768]", "head.norm.bias [768]", "head.fc.weight [1000, 768]", "head.fc.bias [1000]",
            ])
        let resnet = try names("resnet50")
        #expect(resnet[0] == "conv1.weight [64, 3, 7, 7]")
        #expect(resnet.contains("layer1.0.downsample.0.weight [256, 64, 1, 1]"))
        #expect(resnet.contains("layer2.0.conv2.weight [128, 128, 3, 3]"))
        #expect(resnet.contains("layer4.2.bn3.bias [2048]"))
        #expect(resnet.last == "fc.bias [1000]")
        #expect(!(try names("resnet20")).contains { $0.contains("downsample") })
        let resnext = try names("resnext50")
        #expect(resnext.contains("layer1.0.conv2.weight [128, 4, 3, 3]"))
        #expect(resnext.contains("layer4.2.conv2.weight [1024, 32, 3, 3]"))
        #expect(resnext.contains("layer4.2.conv3.weight [2048, 1024, 1, 1]"))
        let cvt = try names("cvt_13")
        #expect(cvt[0] == "stage0.patch_embed.proj.weight [64, 3, 7, 7]")
        #expect(cvt.contains("stage2.cls_token [1, 1, 384]"))
        #expect(cvt.contains("stage1.blocks.1.attn.conv_proj_k.conv.weight [192, 1, 3, 3]"))
        #expect(cvt.contains("stage1.blocks.1.attn.proj_v.bias [192]"))
        #expect(
            cvt.suffix(4) == ["norm.weight [384]", "norm.bias [384]", "head.weight [1000, 384]", "head.bias [1000]"])
        let buffers = try variant("cvt_13").makeModel(height: 64, width: 64).parameters.buffers
        #expect(buffers[0].name == "stage0.blocks.0.attn.conv_proj_q.bn.running_mean")
        #expect(buffers.count == 13 * 9)
    }

    @Test func optionBHasProjections() throws {
        var specification = try #require(ResNetSpecification.variant("resnet20"))
        specification.shortcut = .projection
        let model = try ModelSpecification(specification).makeModel(height: 32, width: 32)
        #expect(model.parameters.parameterCount == 272_474)
        #expect(model.parameters.entries.filter { $0.name.contains("downsample.0") }.count == 2)
    }

    /// Gradients along a random direction against central differences, in training mode (with batch statistics).
    @Test(arguments: ["convnext_nano32", "resnet20", "cvt_nano32", "resnet18", "swin_nano32", "mobile_former_nano32"])
    func gradientsAgreeWithDifferences(name: String) throws {
        var specification = try variant(name)
        specification.classes = 3
        switch specification.backbone {
        case var small as ConvNeXtSpecification:
            (small.widths, small.depths) = ([6, 8, 10], [1, 1, 1])
            specification = ModelSpecification(small)
        case var small as ResNetSpecification:
            (small.baseWidth, small.depths) = (4, [1, 1])
            if name == "resnet18" { (small.block, small.shortcut) = (.bottleneck, .projection) }
            specification = ModelSpecification(small)
        case var small as CvTSpecification:
            (small.widths, small.heads, small.depths) = ([4, 6, 8], [1, 2, 2], [1, 1, 1])
            specification = ModelSpecification(small)
        case var small as SwinSpecification:
            (small.baseWidth, small.heads, small.depths, small.window) = (4, [1, 2, 4], [2, 1, 2], 3)
            specification = ModelSpecification(small)
        case var small as MobileFormerSpecification:
            (small.stemWidth, small.widths, small.expansions) = (4, [4, 6, 6, 8], [2, 2, 3, 2])
            small.strides = [1, 2, 1, 1]
            (small.tokens, small.ending) = (.init(count: 2, width: 8), .init(expansion: 2, width: 6))
            specification = ModelSpecification(small)
        default: break
        }
        let (height, width) = name == "cvt_nano32" ? (24, 20) : name == "resnet18" ? (18, 15) : (12, 10)
        let model = try specification.makeModel(height: height, width: width)
        let store = ParameterStore<Double>(model.parameters, seed: 1)
        store.redraw(seed: 2)
        var random = Random(seed: 3, purpose: "check")
        let images = Tensor<Double>.normal([2, height, width, 3], from: &random)
        let cotangent = Tensor<Double>.normal([2, 3], from: &random)
        let tape = Tape<Double>()
        let context = Context(store, mode: .training, tape: tape)
        let leaf = tape.leaf(images)
        let output = model(leaf, context)
        // The features take part, as they do in distillation.
        tape.backward(from: [(output.logits, cotangent)] + output.features.map { ($0, $0.value) })
        let gradients = Storage<Double>(count: store.list.flatCount)
        #expect(context.collectGradients(into: gradients) == [])
        func value(_ images: Tensor<Double>) -> Double {
            let output = model(Variable(images), Context(store, mode: .training))
            return zip(output.logits.value.array, cotangent.array).reduce(0) { $0 + $1.0 * $1.1 }
                + output.features.reduce(0) { $0 + $1.value.array.reduce(0) { $0 + 0.5 * $1 * $1 } }
        }
        // No kink of relu may lie within the step.
        let step = name.hasPrefix("resnet") || name.hasPrefix("mobile") ? 1e-6 : 1e-4
        func slope(_ value: (Double) -> Double) -> Double {
            (value(-2 * step) - 8 * value(-step) + 8 * value(step) - value(2 * step)) / (12 * step)
        }
        let direction = Tensor<Double>.normal(images.shape, from: &random)
        let numeric = slope { value(images + direction.scaled(by: $0)) }
        let analytic = zip(try #require(tape.gradient(of: leaf)).array, direction.array).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(numeric - analytic) <= 1e-6 * max(1, abs(numeric)), "images")
        for entry in store.list.entries {
            let target = store.flat.pointer + entry.offset
            let old = (0..<entry.range.count).map { target[$0] }
            let direction = old.map { _ in random.normal() }
            func moved(_ step: Double) -> Double {
                for i in old.indices { target[i] = old[i] + step * direction[i] }
                defer { for i in old.indices { target[i] = old[i] } }
                return value(images)
            }
            let numeric = slope(moved)
            let analytic = direction.indices.reduce(0) { $0 + gradients.pointer[entry.offset + $1] * direction[$1] }
            #expect(abs(numeric - analytic) <= 1e-6 * max(1, abs(numeric)), "\(entry.name)")
        }
    }

    @Test func specificationsSurviveTheirStoredForm() throws {
        for variant in ModelSpecification.variants {
            let data = try JSONEncoder().encode(variant.specification)
            let read = try JSONDecoder().decode(ModelSpecification.self, from: data)
            #expect(read == variant.specification, "\(variant.name)")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let written = String(decoding: try encoder.encode(try variant("resnet20")), as: UTF8.self)
        #expect(
            written == #"{"resnet":{"baseWidth":16,"block":"basic","classes":10,"depths":[3,3,3],"inputChannels":3,"#
                + #""shortcut":"padding","stem":"small"}}"#, "files of weights have had this form from the first day")
        #expect(Set(ModelSpecification.names).count == ModelSpecification.names.count)
        for text in ["{}", #"{"swin":{}}"#, #"{"cvt":{"classes":3}}"#] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(ModelSpecification.self, from: Data(text.utf8))
            }
        }
    }

    @Test func classesAndChannelsCanBeChangedInEveryFamily() throws {
        for name in ["hornet_pico_7x7", "convnext_nano32", "resnet20", "cvt_nano32"] {
            var specification = try variant(name)
            let side = specification.usualImageSize(named: name)
            specification.classes = 7
            specification.inputChannels = 1
            #expect(specification.classes == 7 && specification.inputChannels == 1)
            let model = try specification.makeModel(height: side, width: side)
            #expect(model.classes == 7)
            let store = ParameterStore<Float>(model.parameters, seed: 1)
            let output = model(Variable(Tensor([1, side, side, 1], repeating: 0.5)), .evaluation(store))
            #expect(output.logits.shape == [1, 7])
        }
    }

    @Test func impossibleModelsAreRefusedInOneSentence() throws {
        func message(_ name: String, _ height: Int, _ change: (inout ModelSpecification) -> Void = { _ in }) throws
            -> String
        {
            var specification = try variant(name)
            change(&specification)
            do {
                _ = try specification.makeModel(height: height, width: height)
                return ""
            } catch { return "\(error)" }
        }
        #expect(
            try message("convnext_tiny", 16).hasPrefix("stage 3 of the model would have an empty map for 16x16 images"))
        #expect(try message("cvt_13", 2).hasPrefix("stage 0 of the model would have an empty map"))
        #expect(
            try message("cvt_nano32", 32) {
                $0 = ModelSpecification(CvTSpecification(widths: [10, 12, 12], heads: [4, 2, 2], depths: [1, 1, 1]))
            } == "model.widths has 10 in stage 0, expected a multiple of its 4 heads (model.heads)")
        #expect(
            try message("cvt_nano32", 32) {
                $0 = ModelSpecification(CvTSpecification(widths: [10, 12], heads: [2, 2, 2], depths: [1, 1, 1]))
            } == "model.heads has 3 entries, expected one per stage (2), at most 8 stages")
        #expect(
            try message("resnet20", 32) {
                $0 = ModelSpecification(ResNetSpecification(depths: [1, 1], block: .bottleneck, shortcut: .padding))
            }.hasPrefix("model.shortcut padding needs basic blocks"))
        #expect(try message("resnet50", 1) == "")
    }

    /// Dropped paths are drawn per block and branch, and only in training.
    @Test(arguments: ["convnext_nano32", "cvt_nano32", "swin_nano32"])
    func pathsAreDroppedInTrainingAlone(name: String) throws {
        var specification = try variant(name)
        switch specification.backbone {
        case var changed as ConvNeXtSpecification:
            (changed.dropPath, changed.layerScale) = (0.9, 1)
            specification = ModelSpecification(changed)
        case var changed as CvTSpecification:
            changed.dropPath = 0.9
            specification = ModelSpecification(changed)
        case var changed as SwinSpecification:
            changed.dropPath = 0.9
            specification = ModelSpecification(changed)
        default: break
        }
        let model = try specification.makeModel(height: 32, width: 32)
        let store = ParameterStore<Float>(model.parameters, seed: 1)
        var random = Random(seed: 1, purpose: "images")
        let images = Variable<Float>(.normal([4, 32, 32, 3], from: &random))
        func last(_ mode: Context<Float>.Mode, _ index: Int) -> [Float] {
            model(images, Context(store, mode: mode, random: RandomKey(seed: 1, purpose: "step", index))).logits.value
                .array
        }
        #expect(last(.training, 1) == last(.training, 1))
        #expect(last(.training, 1) != last(.training, 2))
        #expect(last(.evaluation, 1) == last(.evaluation, 2))
    }
}
