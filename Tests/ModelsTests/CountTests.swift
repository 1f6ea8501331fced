import Layers
import Models
import Testing

@Suite struct CountTests {
    /// Parameters and multiply-adds of one 224 x 224 image, head included, as the paper's implementation has them.
    @Test(arguments: [
        ("hornet_tiny_7x7", 22_409_512, 3_968_389_312), ("hornet_tiny_gf", 22_991_848, 3_888_705_120),
        ("hornet_small_7x7", 49_528_264, 8_813_970_720), ("hornet_small_gf", 50_401_768, 8_694_444_432),
        ("hornet_base_7x7", 87_256_680, 15_567_143_296), ("hornet_base_gf", 88_421_352, 15_407_774_912),
        ("hornet_large_7x7", 194_542_504, 34_796_261_952), ("hornet_large_gf", 196_289_512, 34_557_209_376),
    ])
    func publishedVariantsHaveTheirParametersAndMultiplyAdds(name: String, parameters: Int, multiplyAdds: Int) throws {
        let specification = try #require(HorNetSpecification.variant(name))
        let model = try ModelSpecification(specification).makeModel(height: 224, width: 224)
        #expect(model.parameters.parameterCount == parameters)
        let trace = try model.trace(height: 224, width: 224)
        #expect(trace.multiplyAdds == multiplyAdds)
        #expect(trace.parameters == parameters, "the tree must hold every parameter once")
        #expect(model.parameters.entries.count == (name.hasSuffix("gf") ? 640 : 560))
        #expect(model.parameters.buffers.isEmpty)
    }

    @Test(arguments: [("hornet_base_gf_img384", 92_099_560), ("hornet_large_gf_img384", 201_806_824)])
    func variantsFor384PixelsHaveLargerFilters(name: String, parameters: Int) throws {
        let specification = try #require(HorNetSpecification.variant(name))
        #expect(
            specification.mixers == [
                .depthwise7x7, .depthwise7x7, .globalFilter(rows: 24, columns: 13), .globalFilter(rows: 12, columns: 7),
            ])
        let model = try ModelSpecification(specification).makeModel(height: 384, width: 384)
        #expect(model.parameters.parameterCount == parameters)
        #expect(model.parameters.entries.count == 640)
    }

    @Test(arguments: [("hornet_pico_7x7", 379_866), ("hornet_nano_7x7", 3_130_730)])
    func smallVariantsHaveTheirParameters(name: String, parameters: Int) throws {
        let model = try ModelSpecification(#require(HorNetSpecification.variant(name))).makeModel(height: 32, width: 32)
        #expect(model.parameters.parameterCount == parameters)
    }

    @Test func openFilterSizesFollowTheImage() throws {
        let specification = try #require(HorNetSpecification.variant("hornet_pico_gf"))
        let resolved = try specification.resolved(height: 32, width: 48)
        #expect(resolved.mixers[2...] == [.globalFilter(rows: 4, columns: 4), .globalFilter(rows: 2, columns: 2)])
        let model = try ModelSpecification(specification).makeModel(height: 32, width: 48)
        #expect(model.backbone.specification as? HorNetSpecification == resolved)
    }

    /// Parameters of a block, which are those of the width-64 model with filters for 224 pixels.
    @Test func blocksHaveTheirParameters() throws {
        let plain = try ModelSpecification(#require(HorNetSpecification.variant("hornet_tiny_7x7"))).makeModel(
            height: 224, width: 224)
        let filtered = try ModelSpecification(#require(HorNetSpecification.variant("hornet_tiny_gf"))).makeModel(
            height: 224, width: 224)
        func count(_ model: Model, _ block: String) -> Int {
            model.parameters.entries.filter { $0.name.hasPrefix(block + ".") }.reduce(0) { $0 + $1.shape.elementCount }
        }
        #expect(count(plain, "stages.0.1") == 52_864)
        #expect(count(plain, "stages.1.2") == 203_648)
        #expect(count(filtered, "stages.2.17") == 825_776)
        #expect(count(filtered, "stages.3.0") == 3_102_000)
    }
}
