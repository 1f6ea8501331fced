import Models
import Tensors

extension RepPointsHeadSpecification: HeadGraph {
    /// Mirrors `RepPointsHead`, and what is made of its answer.
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        var (scores, first, refined): ([FeatureMap], [FeatureMap], [FeatureMap]) = ([], [], [])
        for (level, map) in features.maps.enumerated() {
            func tower(_ name: String) throws -> FeatureMap {
                var x = map
                for index in 0..<convolutions {
                    x = try builder.normedConvolution(
                        "bbox_head.\(name).\(index)", x, groups: groups, activates: true)
                }
                return x
            }
            let (seen, placed) = (try tower("cls_convs"), try tower("reg_convs"))
            func output(_ name: String, _ map: FeatureMap) throws -> FeatureMap {
                try builder.convolution(
                    "bbox_head.\(name)_out", builder.relu("bbox_head.\(name)_conv.relu", map))
            }
            let begun = try output(
                "reppoints_pts_init", try builder.convolution("bbox_head.reppoints_pts_init_conv", placed, padding: 1))
            scores.append(
                try output(
                    "reppoints_cls", try builder.convolution("bbox_head.reppoints_cls_conv", seen, at: begun)))
            let moved = try output(
                "reppoints_pts_refine",
                try builder.convolution("bbox_head.reppoints_pts_refine_conv", placed, at: begun))
            first.append(begun)
            refined.append(builder.sum("bbox_head.refined.\(level)", moved, begun))
        }
        guard let limits = builder.objects else {
            return builder.results("classes", scores) + builder.results("first_points", first)
                + builder.results("points", refined)
        }
        guard let strides = builder.strides else {
            throw ExportError("the strides of the head's maps are not known, so no boxes can be made of its answer")
        }
        var levels: [GraphCandidates] = []
        for (level, map) in scores.enumerated() {
            let path = "objects.\(level)"
            let chosen = builder.candidates(path, map, classes: classes, limits)
            let points = builder.chosenRows(
                path + ".chosen.points", builder.rows(path + ".points", refined[level], columns: 18), chosen.rows)
            let boxes = try box(&builder, path, points)
            let scaled = builder.node("Mul", path + ".pixels", [boxes, builder.number(Double(strides[level]))])
            let places = builder.constant(
                path + ".places", [map.height * map.width, 4],
                (0..<map.height * map.width).flatMap { place -> [Float] in
                    let x = Float(place % map.width * strides[level])
                    let y = Float(place / map.width * strides[level])
                    return [x, y, x, y]
                })
            let from = builder.node("Gather", path + ".chosen.places", [places, chosen.rows], ["axis": .integer(0)])
            let moved = builder.node("Add", path + ".moved", [scaled, from])
            levels.append(chosen.with(boxes: builder.clipped(path + ".boxes", moved)))
        }
        return builder.objects("objects", levels, classes: classes, limits)
    }

    /// Boxes [N, R, 4] of points [N, R, 18], in strides from their places.
    private func box(_ builder: inout GraphBuilder, _ path: String, _ points: String) throws -> String {
        let count = transform == .partialMinMax ? 4 : 9
        func coordinates(_ first: Int) -> [Int] { (0..<count).map { 2 * $0 + first } }
        var corners: [(low: String, high: String)] = []
        for (axis, name) in ["x", "y"].enumerated() {
            let path = "\(path).\(name)"
            let values = builder.node(
                "Gather", path, [points, builder.sizes(coordinates(1 - axis))], ["axis": .integer(2)])
            func reduced(_ kind: String, _ name: String, _ x: String) -> String {
                builder.node(kind, "\(path).\(name)", [x], ["axes": .integers([2]), "keepdims": .integer(1)])
            }
            guard transform == .moment else {
                corners.append((reduced("ReduceMin", "least", values), reduced("ReduceMax", "most", values)))
                continue
            }
            let mean = reduced("ReduceMean", "mean", values)
            let difference = builder.node("Sub", path + ".difference", [values, mean])
            let squares = builder.node("Mul", path + ".squares", [difference, difference])
            // The unbiased variance: nine squares over eight.
            let variance = builder.node(
                "Mul", path + ".variance", [reduced("ReduceMean", "square", squares), builder.number(9.0 / 8)])
            let deviation = builder.node("Sqrt", path + ".deviation", [variance])
            let transfer = try builder.tensor("bbox_head.moment_transfer", rank: 1).values[axis]
            let logarithm = builder.constant("moment transfer \(name)", [], [transfer])
            let factor = builder.node("Exp", path + ".factor", [logarithm])
            let half = builder.node("Mul", path + ".half", [deviation, factor])
            corners.append(
                (
                    builder.node("Sub", path + ".low", [mean, half]),
                    builder.node("Add", path + ".high", [mean, half])
                ))
        }
        return builder.concatenated(
            path + ".corners", [corners[0].low, corners[1].low, corners[0].high, corners[1].high], axis: 2)
    }
}
