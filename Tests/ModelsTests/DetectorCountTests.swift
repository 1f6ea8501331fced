import Detection
import Layers
import Models
import Tensors
import Testing

/// A detector over a named backbone, with the neck that its head usually stands on.
private func detector(
    _ name: String, _ head: any DetectorHeadSpecification,
    _ change: (inout FeaturePyramidSpecification) -> Void = { _ in }
) throws -> ModelSpecification {
    var neck = head.usualNeck
    change(&neck)
    return ModelSpecification(try #require(ModelSpecification.variant(name)).backbone, neck: neck, head: head)
}

private func parameters(_ model: Model, _ part: String = "") -> Int {
    model.parameters.entries.filter { $0.name.hasPrefix(part) }.reduce(0) { $0 + $1.shape.elementCount }
}

/// Counts of published models, mmdetection's with 80 classes unless said otherwise.
@Suite struct DetectorCountTests {
    @Test func retinanetHasItsParameters() throws {
        let large = try detector("resnet50", RetinaNetHeadSpecification(classes: 80)).makeModel(height: 64, width: 64)
        #expect(parameters(large) == 37_968_692)
        #expect(parameters(large, "neck.") == 7_997_440)
        #expect(parameters(large, "bbox_head.") == 6_463_220)
        let small = try detector("resnet18", RetinaNetHeadSpecification(classes: 80)).makeModel(height: 64, width: 64)
        #expect(parameters(small) == 21_410_100)
        // torchvision counts 91 classes; its second version has group norm and its further levels from the backbone.
        let theirs = try detector("resnet50", RetinaNetHeadSpecification(classes: 91, style: .torchvision))
        #expect(parameters(try theirs.makeModel(height: 64, width: 64)) == 34_068_119)
        let second = try detector("resnet50", RetinaNetHeadSpecification(classes: 91, style: .torchvision, groups: 32))
        {
            $0.extra = .c5
        }
        #expect(parameters(try second.makeModel(height: 64, width: 64)) == 38_198_935)
    }

    @Test func twoStageDetectorsHaveTheirParameters() throws {
        func count(
            _ head: RegionHeadSpecification, _ change: (inout FeaturePyramidSpecification) -> Void = { _ in }
        ) throws -> Model {
            try detector("resnet50", head, change).makeModel(height: 64, width: 64)
        }
        #expect(parameters(try count(RegionHeadSpecification(classes: 80, kind: .fasterRcnn))) == 41_753_056)
        let masks = try count(RegionHeadSpecification(classes: 80, kind: .maskRcnn))
        #expect(parameters(masks) == 44_396_336)
        #expect(parameters(masks, "rpn_head.") == 593_935)
        let cascade = try count(RegionHeadSpecification(classes: 80, kind: .cascadeMaskRcnn))
        #expect(parameters(cascade) == 77_324_606)
        let theirs = try count(RegionHeadSpecification(classes: 90, kind: .maskRcnn, style: .torchvision))
        #expect(parameters(theirs) == 44_454_513)
        let upward = try count(RegionHeadSpecification(classes: 80, kind: .fasterRcnn)) { $0.upward = true }
        #expect(parameters(upward) == 45_293_536)
        #expect(parameters(upward, "neck.") == 6_884_864)
    }

    @Test func reppointsHasItsParameters() throws {
        for (groups, expected) in [(0, 36_845_494), (32, 36_849_078)] {
            let model = try detector("resnet50", RepPointsHeadSpecification(classes: 80, groups: groups))
                .makeModel(height: 64, width: 64)
            #expect(parameters(model) == expected)
        }
    }

    /// The authors' HorNet-T with Cascade Mask R-CNN, "80M".
    @Test func hornetsCascadeIsThePublishedModel() throws {
        let head = RegionHeadSpecification(
            classes: 80, kind: .cascadeMaskRcnn, box: .init(convolutions: 4, linear: 1, sharesBoxes: false))
        let model = try detector("hornet_tiny_7x7", head).makeModel(height: 64, width: 64)
        #expect(parameters(model) == 79_883_634)
        #expect(parameters(model, "neck.") == 2_607_104)
        #expect(parameters(model, "roi_head.bbox_head.1.") == 15_618_449)
        #expect(parameters(model, "roi_head.mask_head.2.") == 2_643_280)
    }

    /// The shape pass holds every parameter once, although levels share layers.
    @Test func treesHoldEveryParameterOnce() throws {
        let heads: [any DetectorHeadSpecification] = [
            RetinaNetHeadSpecification(classes: 3), RepPointsHeadSpecification(classes: 3, groups: 4),
            RegionHeadSpecification(classes: 3, kind: .maskRcnn),
            RegionHeadSpecification(classes: 3, kind: .cascadeRcnn, box: .init(convolutions: 1, width: 8)),
        ]
        for head in heads {
            var neck = head.usualNeck
            neck.channels = 8
            neck.upward = true
            let model = try ModelSpecification(
                ResNetSpecification(baseWidth: 4, depths: [1, 1, 1, 1]), neck: neck, head: head
            )
            .makeModel(height: 64, width: 96)
            let trace = try model.trace(height: 64, width: 96)
            #expect(trace.parameters == model.parameters.parameterCount, "\(type(of: head).name)")
        }
    }

    /// RetinaNet's towers work on every level: 2 x 4 convolutions of 256 and the last two, at each place.
    @Test func levelsCountTheirMultiplyAdds() throws {
        let model = try detector("resnet18", RetinaNetHeadSpecification(classes: 80)).makeModel(height: 256, width: 256)
        let trace = try model.trace(height: 256, width: 256)
        let head = try #require(trace.children.first { $0.name == "bbox_head" })
        let places = 32 * 32 + 16 * 16 + 8 * 8 + 4 * 4 + 2 * 2
        #expect(head.multiplyAdds == places * 9 * 256 * (8 * 256 + 9 * 80 + 9 * 4))
    }
}
