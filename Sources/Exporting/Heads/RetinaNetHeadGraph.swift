import Detection
import Models
import Tensors

extension RetinaNetHeadSpecification: HeadGraph {
    /// Mirrors `RetinaNetHead`, and what is made of its answer.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        var (scores, deltas): ([FeatureMap], [FeatureMap]) = ([], [])
        for map in features.maps {
            func tower(_ layers: String, _ last: String) throws -> FeatureMap {
                try builder.tower(
                    "bbox_head", layers: layers, last: last, map, convolutions: convolutions, groups: groups)
            }
            scores.append(try tower("cls_convs", "retina_cls"))
            deltas.append(try tower("reg_convs", "retina_reg"))
        }
        guard let limits = builder.objects else {
            return builder.results("classes", scores) + builder.results("deltas", deltas)
        }
        let input = builder.imageSize
        guard let rule = builder.strides.map({ anchors.rule(style, strides: $0) }) else {
            throw ExportError("the strides of the head's maps are not known, so no boxes can be made of its answer")
        }
        var levels: [GraphCandidates] = []
        for level in scores.indices {
            let (path, map) = ("objects.\(level)", scores[level])
            let anchors = rule.corners(level: level, map, input: input)
            let chosen = builder.candidates(path, map, classes: classes, limits)
            let moved = builder.moved(
                path, anchors, builder.rows(path + ".deltas", deltas[level], columns: 4), chosen.rows,
                clampsSmall: style == .mmdetection)
            levels.append(chosen.with(boxes: builder.clipped(path + ".boxes", moved)))
        }
        return builder.objects("objects", levels, classes: classes, limits)
    }
}
