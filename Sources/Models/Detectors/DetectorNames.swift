import Detection
import Layers

/// What torchvision calls the layers of its detectors, beside mmdetection's names, which are ours.
enum DetectorNames {
    /// A layer by both names, `#` standing for a number.
    private typealias Layer = (ours: String, theirs: String)

    private static let dense: [Layer] = [
        ("bbox_head.cls_convs.#.conv", "head.classification_head.conv.#.0"),
        ("bbox_head.cls_convs.#.gn", "head.classification_head.conv.#.1"),
        ("bbox_head.retina_cls", "head.classification_head.cls_logits"),
        ("bbox_head.reg_convs.#.conv", "head.regression_head.conv.#.0"),
        ("bbox_head.reg_convs.#.gn", "head.regression_head.conv.#.1"),
        ("bbox_head.retina_reg", "head.regression_head.bbox_reg"),
    ]

    private static let region: [Layer] = [
        ("rpn_head.rpn_conv", "rpn.head.conv.0.0"), ("rpn_head.rpn_cls", "rpn.head.cls_logits"),
        ("rpn_head.rpn_reg", "rpn.head.bbox_pred"), ("roi_head.bbox_head.shared_fcs.0", "roi_heads.box_head.fc6"),
        ("roi_head.bbox_head.shared_fcs.1", "roi_heads.box_head.fc7"),
        ("roi_head.bbox_head.fc_cls", "roi_heads.box_predictor.cls_score"),
        ("roi_head.bbox_head.fc_reg", "roi_heads.box_predictor.bbox_pred"),
        ("roi_head.mask_head.convs.#.conv", "roi_heads.mask_head.#.0"),
        ("roi_head.mask_head.upsample", "roi_heads.mask_predictor.conv5_mask"),
        ("roi_head.mask_head.conv_logits", "roi_heads.mask_predictor.mask_fcn_logits"),
    ]

    private static let neck: [Layer] = [
        ("neck.fpn_convs.3.conv", "backbone.fpn.extra_blocks.p6"),
        ("neck.fpn_convs.4.conv", "backbone.fpn.extra_blocks.p7"),
        ("neck.lateral_convs.#.conv", "backbone.fpn.inner_blocks.#.0"),
        ("neck.fpn_convs.#.conv", "backbone.fpn.layer_blocks.#.0"),
    ]

    /// Our name for a parameter of a head of one stage; `nil` for a name that is none of the head's.
    static func dense(_ name: String) -> String? { ours(name, "bbox_head.", dense) }

    /// Our name for a parameter of a head of two stages, likewise.
    static func region(_ name: String) -> String? {
        let plain = name.withoutPrefixes(["module."])
        if plain.hasPrefix("roi_head.") { return plain }
        return ours(plain, "rpn_head.", region)
    }

    private static func ours(_ name: String, _ prefix: String, _ pairs: [Layer]) -> String? {
        let plain = name.withoutPrefixes(["module."])
        if plain.hasPrefix(prefix) { return plain }
        return translated(plain, pairs.map { ($0.theirs, $0.ours) })
    }

    /// torchvision's name for a parameter of a detector's neck or head; `nil` where it has no such layer.
    static func torchvision(_ name: String, convolvesLevels: Bool) -> String? {
        let neck = convolvesLevels ? neck : Array(neck.dropFirst(2))
        return translated(name, (neck + dense + region).map { ($0.ours, $0.theirs) })
    }

    /// The name of the first pair whose pattern fits all but the last word of a name.
    private static func translated(_ name: String, _ pairs: [(pattern: String, other: String)]) -> String? {
        let words = name.split(separator: ".")
        guard let last = words.last, words.count > 1 else { return nil }
        for (pattern, other) in pairs {
            let expected = pattern.split(separator: ".")
            guard expected.count == words.count - 1 else { continue }
            var number: Substring?
            let fits = zip(expected, words).allSatisfy { wanted, word in
                guard wanted == "#" else { return wanted == word }
                number = word
                return Int(word) != nil
            }
            guard fits else { continue }
            let path = other.split(separator: ".").map { $0 == "#" ? number ?? $0 : $0 }
            return (path + [last]).joined(separator: ".")
        }
        return nil
    }
}

extension ModelSpecification {
    /// What a library of detectors calls a parameter of ours, for files that it reads.
    /// - Throws: `ModelError` for a model without a detector's head, or where the library has no such layer.
    public func detectorName(_ name: String, style: DetectorStyle) throws -> String {
        guard head is any DetectorHeadSpecification else {
            throw ModelError("the model finds no objects, so libraries of detectors have no names for its parameters")
        }
        let parts = ["neck.", "bbox_head.", "rpn_head.", "roi_head."]
        let isOfPart = parts.contains { name.hasPrefix($0) }
        switch style {
        case .mmdetection: return isOfPart ? name : "backbone." + name
        case .torchvision:
            guard isOfPart else { return "backbone.body." + name }
            let pyramid = neck as? FeaturePyramidSpecification
            guard
                let theirs = DetectorNames.torchvision(
                    name, convolvesLevels: pyramid.map { $0.extra != .pool } ?? false)
            else { throw ModelError("torchvision's detectors have no layer like \(name); use mmdetection's names") }
            return theirs
        }
    }
}
