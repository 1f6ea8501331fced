import Autograd
import Detection
import Layers
import Models
import Tensors

extension ParityCheck {
    /// torchvision's and mmdetection's detectors: their maps, and what their rules make of them.
    static func detector(_ fixture: ParityFixture<S>) throws -> ParityValues<S> {
        let detector = try DetectorFixture(fixture)
        var ours = ParityValues<S>()
        if S.self == Float.self, detector.readsItsOwnBoxes { ours.gradientAllowance = 2 }
        try addMaps(detector, to: &ours)
        try addRules(detector, to: &ours)
        return ours
    }

    /// What the network says of the images in evaluation mode: the pyramid's maps and the head's.
    private static func addMaps(_ detector: DetectorFixture<S>, to ours: inout ParityValues<S>) throws {
        let levels = detector.strides.count
        let output = detector.model(Variable(detector.input), .evaluation(detector.store))
        let maps = detector.model.mapsForHead(Variable(detector.input), .evaluation(detector.store))
        for (level, map) in maps.suffix(levels).enumerated() {
            // The finest map of some fixtures is left out.
            guard detector.fixture.file["eval.feature.\(level)"] != nil else { continue }
            ours.add("eval.feature.\(level)", map: map.value)
        }
        let answer = output.answer
        switch (detector.head, detector.head.style) {
        case (let head as RepPointsHeadSpecification, _):
            for level in 0..<levels {
                ours.add("eval.cls.\(level)", map: answer[level].value)
                guard head.transform == .moment else { continue }
                let points = answer[2 * levels + level]
                let boxes = points.reshaped([points.shape.rows, points.shape.columns])
                    .momentBoxes(answer[3 * levels])
                ours.add(
                    "eval.box.\(level)", map: boxes.reshaped(points.shape.replacing(axis: -1, with: 4)).value)
            }
        case (is RetinaNetHeadSpecification, .torchvision):
            ours.addRows("eval.cls_logits", answer[..<levels], columns: detector.head.classes)
            ours.addRows("eval.bbox_regression", answer[levels...], columns: 4)
        case (is RetinaNetHeadSpecification, .mmdetection):
            for level in 0..<levels {
                ours.add("eval.cls.\(level)", map: answer[level].value)
                ours.add("eval.box.\(level)", map: answer[levels + level].value)
            }
        case (is RegionHeadSpecification, .torchvision):
            for level in 0..<levels {
                ours.add("eval.rpn.objectness.\(level)", map: answer[level].value)
                ours.add("eval.rpn.deltas.\(level)", map: answer[levels + level].value)
            }
            try addRegions(detector, output, to: &ours)
        default: break
        }
    }

    /// What the second stage says of the regions that the fixture's first stage proposed.
    private static func addRegions(
        _ detector: DetectorFixture<S>, _ output: ModelOutput<S>, to ours: inout ParityValues<S>
    ) throws {
        let rows = try (0..<detector.input.shape[0]).flatMap { image -> [S] in
            guard let stored = detector.fixture.file["eval.proposals.\(image)"] else {
                throw detector.fixture.fail("there is no eval.proposals.\(image)")
            }
            let numbers = try stored.doubles()
            return stride(from: 0, to: numbers.count, by: 4).flatMap { row -> [S] in
                [S(image)] + numbers[row..<row + 4].map { S($0) }
            }
        }
        guard let answers = output.regions else { throw detector.fixture.fail("the model says nothing about regions") }
        let boxes = answers.boxes(Tensor([rows.count / 5, 5], rows), stage: 0)
        ours.add("eval.class_logits", shape: boxes.classes.shape.dimensions, boxes.classes.value.array)
        ours.add("eval.box_regression", shape: boxes.deltas.shape.dimensions, boxes.deltas.value.array)
    }
}

extension DetectorFixture {
    /// Whether later answers are read where earlier ones point, by a cascade or by points: in single precision the places are
    /// moved by roundings, and gradients with them, however their own sums are taken.
    fileprivate var readsItsOwnBoxes: Bool {
        if let regions = head as? RegionHeadSpecification { return regions.kind.isCascade }
        return head is RepPointsHeadSpecification
    }
}

extension ParityValues {
    /// Maps of several levels as rows of so many columns, the levels of each image one behind the other.
    fileprivate mutating func addRows(_ name: String, _ maps: ArraySlice<Variable<S>>, columns: Int) {
        guard let images = maps.first?.shape[0] else { return }
        var values: [S] = []
        for image in 0..<images {
            for map in maps {
                let count = map.value.elementCount / images
                values += map.value.array[image * count..<(image + 1) * count]
            }
        }
        add(name, shape: [images, values.count / images / columns, columns], values)
    }
}
