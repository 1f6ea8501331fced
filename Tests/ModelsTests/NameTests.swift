import Models
import Testing

@Suite struct NameTests {
    @Test(arguments: [
        ("head.weight", "head.fc.weight"), ("norm.bias", "backbone.norm3.bias"),
        ("downsample_layers.0.0.weight", "backbone.downsample_layers.0.0.weight"),
        ("stages.2.17.gamma1", "backbone.stages.2.17.gamma1.weight"),
        ("stages.2.17.norm1.weight", "backbone.stages.2.17.norm1.weight"),
        ("stages.3.0.gnconv.pws.2.bias", "backbone.stages.3.0.gnconv.projs.2.bias"),
        ("stages.3.0.gnconv.dwconv.complex_weight", "backbone.stages.3.0.gnconv.dwconv.complex_weight"),
    ])
    func mmpretrainSpellsNamesSo(ours: String, theirs: String) throws {
        let specification = try #require(ModelSpecification.variant("hornet_tiny_gf"))
        #expect(try specification.mmpretrainName(ours) == theirs)
        #expect(specification.canonicalName(theirs) == ours)
    }

    @Test(arguments: ["hornet_tiny_gf", "hornet_nano_7x7"])
    func everyNameGoesThereAndBack(name: String) throws {
        let specification = try #require(ModelSpecification.variant(name))
        let names = try specification.makeModel(height: 64, width: 64).parameters.entries.map(\.name)
        let theirs = try names.map { try specification.mmpretrainName($0) }
        #expect(Set(theirs).count == names.count)
        #expect(Set(theirs).isDisjoint(with: names))
        #expect(theirs.map(specification.canonicalName) == names)
    }

    @Test(arguments: [("convnext_tiny", "ConvNeXt"), ("resnet18", "ResNet"), ("cvt_13", "CvT")])
    func otherFamiliesHaveNoSuchSpelling(name: String, family: String) throws {
        let specification = try #require(ModelSpecification.variant(name))
        do {
            _ = try specification.mmpretrainName("norm.weight")
            Issue.record("\(name) has no mmpretrain spelling")
        } catch {
            #expect(
                "\(error)"
                    == "mmpretrain's spelling is known for HorNet alone, but the weights are those of a \(family)")
        }
    }
}
