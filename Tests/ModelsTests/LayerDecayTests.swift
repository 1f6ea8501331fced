import Layers
import Models
import Testing

@Suite struct LayerDecayTests {
    private func layers(_ name: String) throws -> (layers: [String: Int], last: Int) {
        let specification = try #require(ModelSpecification.variant(name))
        let size = specification.usualImageSize(named: name)
        let model = try specification.makeModel(height: size, width: size)
        let pairs = model.parameters.entries.map { ($0.name, specification.layer(of: $0.name)) }
        return (Dictionary(uniqueKeysWithValues: pairs), specification.lastLayer)
    }

    @Test(arguments: ["hornet_tiny_7x7", "hornet_large_gf_img384"])
    func hornetsPublishedDepthsAreNumberedAsUpstream(_ name: String) throws {
        let (layers, last) = try layers(name)
        #expect(last == 13)
        var expected = [
            "downsample_layers.0.0.weight": 0, "downsample_layers.0.1.bias": 0, "stages.0.0.gamma1": 1,
            "stages.0.1.pwconv2.bias": 1, "downsample_layers.1.0.weight": 2, "downsample_layers.1.1.weight": 2,
            "stages.1.0.norm1.weight": 2, "stages.1.2.gnconv.proj_in.weight": 2, "downsample_layers.2.1.bias": 3,
            "downsample_layers.3.0.weight": 12, "stages.3.0.gamma1": 12, "stages.3.1.gnconv.proj_out.bias": 12,
            "norm.weight": 13, "norm.bias": 13, "head.weight": 13, "head.bias": 13,
        ]
        let third = [3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11]
        for (block, layer) in third.enumerated() { expected["stages.2.\(block).pwconv1.weight"] = layer }
        for (parameter, layer) in expected { #expect(layers[parameter] == layer, "\(parameter)") }
        #expect(Set(layers.values) == Set(0...13))
    }

    @Test func convnextsLargerDepthsAreNumberedAsUpstream() throws {
        let (layers, last) = try layers("convnext_small")
        #expect(last == 13)
        for block in 0..<27 {
            #expect(layers["stages.2.blocks.\(block).conv_dw.weight"] == 3 + block / 3, "block \(block)")
        }
        #expect(layers["stem.0.weight"] == 0 && layers["stages.1.downsample.0.weight"] == 2)
        #expect(layers["stages.2.downsample.1.weight"] == 3 && layers["stages.3.downsample.1.weight"] == 12)
        #expect(layers["head.norm.weight"] == 13 && layers["head.fc.bias"] == 13)
    }

    /// Blocks in order, what leads into a stage with its first block.
    @Test func otherDepthsHaveOneNumberPerBlock() throws {
        let pico = try #require(ModelSpecification.variant("hornet_pico_7x7"))
        guard let specification = pico.backbone as? HorNetSpecification else { return }
        let depths = specification.depths
        let (layers, last) = try layers("hornet_pico_7x7")
        #expect(last == depths.reduce(0, +) + 1)
        var number = 0
        for (stage, depth) in depths.enumerated() {
            if stage > 0 { #expect(layers["downsample_layers.\(stage).1.weight"] == number + 1) }
            for block in 0..<depth {
                number += 1
                #expect(layers["stages.\(stage).\(block).norm1.weight"] == number)
            }
        }
        #expect(layers["head.weight"] == last)
    }

    @Test func theOtherFamiliesAreNumberedToo() throws {
        let resnet = try layers("resnet50")
        #expect(resnet.last == 17)
        #expect(resnet.layers["conv1.weight"] == 0 && resnet.layers["bn1.bias"] == 0)
        #expect(resnet.layers["layer1.0.downsample.0.weight"] == 1 && resnet.layers["layer2.0.conv1.weight"] == 4)
        #expect(resnet.layers["layer4.2.bn3.weight"] == 16 && resnet.layers["fc.weight"] == 17)
        // Patch merging goes with the block before it, as in the authors' numbering.
        let swin = try layers("swin_tiny")
        #expect(swin.last == 13)
        #expect(swin.layers["patch_embed.norm.bias"] == 0 && swin.layers["layers.0.blocks.1.norm1.weight"] == 2)
        #expect(
            swin.layers["layers.1.downsample.norm.weight"] == 2 && swin.layers["layers.1.blocks.0.mlp.fc1.bias"] == 3)
        #expect(swin.layers["layers.3.downsample.reduction.weight"] == 10)
        #expect(swin.layers["layers.3.blocks.1.attn.relative_position_bias_table"] == 12)
        #expect(swin.layers["norm.weight"] == 13 && swin.layers["head.fc.bias"] == 13)
        let cvt = try layers("cvt_13")
        #expect(cvt.last == 14)
        #expect(cvt.layers["stage0.patch_embed.proj.weight"] == 0 && cvt.layers["stage0.blocks.0.norm1.weight"] == 1)
        #expect(cvt.layers["stage1.patch_embed.norm.bias"] == 2 && cvt.layers["stage2.cls_token"] == 4)
        #expect(cvt.layers["stage2.blocks.9.mlp.fc2.bias"] == 13 && cvt.layers["head.weight"] == 14)
    }

    @Test func factorsFallFromTheHeadToTheStem() throws {
        let specification = try #require(ModelSpecification.variant("hornet_tiny_7x7"))
        let model = try specification.makeModel(height: 224, width: 224)
        let factors = specification.learningRateMultipliers(model.parameters, decay: 0.7)
        #expect(factors.count == model.parameters.entries.count)
        #expect(factors["head.weight"] == 1)
        #expect(abs((factors["stages.3.0.gamma1"] ?? 0) - 0.7) < 1e-12)
        // 0.7^13.
        #expect(abs((factors["downsample_layers.0.0.weight"] ?? 0) - 0.009688901) < 1e-8)
        #expect(specification.learningRateMultipliers(model.parameters, decay: 1).isEmpty)
    }
}
