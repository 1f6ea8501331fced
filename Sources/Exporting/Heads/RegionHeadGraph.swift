import Detection
import Models
import Tensors

extension RegionHeadSpecification: HeadGraph {
    /// Pairs of a region and a class that are looked at, for each region that is proposed.
    static let pairsPerRegion = 4

    /// Mirrors `RegionHead`: the first stage's maps, or all the way to objects and their masks, which come out as
    /// probabilities of the cells of their boxes, [N, most, 28, 28].
    public func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue] {
        var (objectness, deltas): ([FeatureMap], [FeatureMap]) = ([], [])
        for map in features.maps {
            let seen = builder.relu(
                "rpn_head.rpn_conv.relu", try builder.convolution("rpn_head.rpn_conv", map, padding: 1))
            objectness.append(try builder.convolution("rpn_head.rpn_cls", seen))
            deltas.append(try builder.convolution("rpn_head.rpn_reg", seen))
        }
        guard let limits = builder.objects else {
            return builder.results("objectness", objectness) + builder.results("deltas", deltas)
        }
        guard let strides = builder.strides else {
            throw ExportError("the strides of the head's maps are not known, so no boxes can be made of its answer")
        }
        let proposals = propose(&builder, objectness, deltas, anchors.rule(style, strides: strides), limits)
        let cut = GraphCut(head: self, maps: Array(features.maps.dropLast()), strides: Array(strides.dropLast()))
        var stage = GraphStage(boxes: proposals.boxes, count: proposals.count)
        var logits: [String] = []
        for number in 0..<stages {
            let path = boxPath(number)
            let regions = builder.regions(path + ".regions", stage.boxes, count: stage.count)
            let said = try builder.boxes(path, cut(&builder, path, regions, side: 7), box)
            logits.append(said.classes)
            stage.deltas = scaled(&builder, path, said.deltas, stage: number, count: stage.count)
            if number < stages - 1 { stage.boxes = moved(&builder, path, stage, said.classes) }
        }
        let candidates = candidates(&builder, stage, logits, proposals.scores)
        let found = builder.surest("objects", [candidates], classes: classes, limits)
        let results = builder.results(found)
        return answersMasks ? results + [try masks(&builder, cut, found)] : results
    }

    /// The regions of each image, the surest first: of each level those that overlap no surer one.
    private func propose(
        _ builder: inout GraphBuilder, _ objectness: [FeatureMap], _ deltas: [FeatureMap], _ rule: AnchorRule,
        _ limits: ObjectLimits
    ) -> (boxes: String, scores: String, count: Int) {
        let limits = ObjectLimits(score: 0, perLevel: limits.perLevel, overlap: 0.7, most: limits.proposals)
        var levels: [GraphCandidates] = []
        for (level, map) in objectness.enumerated() {
            let path = "proposals.\(level)"
            let anchors = rule.corners(level: level, map, input: builder.imageSize)
            var chosen = builder.candidates(path, map, classes: 1, limits)
            let moved = builder.moved(
                path, anchors, builder.rows(path + ".deltas", deltas[level], columns: 4), chosen.rows,
                clampsSmall: style == .mmdetection)
            chosen.boxes = builder.clipped(path + ".boxes", moved)
            // Levels are kept apart as classes are.
            chosen.labels = builder.node("Add", path + ".level", [chosen.labels, builder.sizes([level])])
            levels.append(builder.withoutSmall(path, chosen, least: style == .torchvision ? 1e-3 : 0))
        }
        let found = builder.surest("proposals", levels, classes: levels.count, limits)
        return (found.boxes, found.scores, found.count)
    }

    /// Deltas [N R, columns] of a stage without a background's columns, times its deviations: [N, R boxes, 4], the boxes of a
    /// region side by side.
    private func scaled(
        _ builder: inout GraphBuilder, _ path: String, _ deltas: String, stage: Int, count: Int
    ) -> String {
        var deltas = deltas
        if style == .torchvision, !box.sharesBoxes {
            deltas = builder.split(path + ".foreground", deltas, [4, 4 * classes], axis: 1)[1]
        }
        let rows = builder.node(
            "Reshape", path + ".deltas", [deltas, builder.sizes([-1, count * (box.sharesBoxes ? 1 : classes), 4])])
        let deviations = builder.constant(
            "deviations \(stage)", [4], self.deviations(stage: stage).map { Float($0) })
        return builder.node("Mul", path + ".scaled", [rows, deviations])
    }

    /// The boxes that a stage of a cascade hands to the next one, [N, R, 4].
    private func moved(
        _ builder: inout GraphBuilder, _ path: String, _ stage: GraphStage, _ logits: String
    ) -> String {
        var deltas = stage.deltas
        if !box.sharesBoxes {
            // Those of the class that is likeliest.
            let scores = foreground(&builder, path + ".likeliest", logits)
            let best = builder.node(
                "ArgMax", path + ".likeliest", [scores], ["axis": .integer(1), "keepdims": .integer(1)])
            let all = builder.node("Reshape", path + ".of.classes", [deltas, builder.sizes([-1, classes, 4])])
            let own = builder.node("GatherND", path + ".own", [all, best], ["batch_dims": .integer(1)])
            deltas = builder.node("Reshape", path + ".own.rows", [own, builder.sizes([-1, stage.count, 4])])
        }
        return builder.clipped(
            path + ".moved", builder.decoded(path, stage.boxes, deltas, clampsSmall: style == .mmdetection))
    }

    private func foreground(_ builder: inout GraphBuilder, _ path: String, _ columns: String) -> String {
        let isFirst = style == .torchvision
        return builder.split(path + ".classes", columns, isFirst ? [1, classes] : [classes, 1], axis: 1)[
            isFirst ? 1 : 0]
    }

    /// Pairs of a region and a class, by the mean logits of all stages and the last stage's boxes.
    private func candidates(
        _ builder: inout GraphBuilder, _ stage: GraphStage, _ logits: [String], _ proposed: String
    ) -> GraphCandidates {
        let path = "objects"
        var mean = logits[0]
        if logits.count > 1 {
            mean = builder.node(
                "Mul", path + ".mean",
                [
                    builder.node("Sum", path + ".sum", logits), builder.number(1 / Double(logits.count)),
                ])
        }
        let all = builder.node("Softmax", path + ".softmax", [mean], ["axis": .integer(1)])
        let scores = builder.node(
            "Reshape", path + ".probabilities",
            [foreground(&builder, path, all), builder.sizes([-1, stage.count, classes])])
        // Where fewer regions were proposed, the rest are none.
        let isThere = builder.node("Greater", path + ".proposed", [proposed, builder.number(0)])
        let column = builder.node("Unsqueeze", path + ".proposed.column", [isThere, builder.sizes([2])])
        let counted = builder.node("Where", path + ".counted", [column, scores, builder.number(0)])
        let pairs = stage.count * classes
        var chosen = builder.candidates(
            path, scores: builder.reshaped(path + ".pairs", counted, [pairs]), of: pairs, classes: classes,
            most: Self.pairsPerRegion * stage.count)
        let regions = builder.chosenRows(path + ".regions", stage.boxes, chosen.rows)
        let moves = builder.chosenRows(
            path + ".moves", stage.deltas, box.sharesBoxes ? chosen.rows : chosen.indices)
        chosen.boxes = builder.clipped(
            path + ".clipped", builder.decoded(path, regions, moves, clampsSmall: style == .mmdetection))
        return style == .torchvision ? builder.withoutSmall(path, chosen, least: 1e-2) : chosen
    }

    /// The mask of each object's class, the mean of all stages'.
    private func masks(
        _ builder: inout GraphBuilder, _ cut: GraphCut,
        _ found: (boxes: String, scores: String, labels: String, count: Int)
    ) throws -> GraphValue {
        let regions = builder.regions("masks.regions", found.boxes, count: found.count)
        let parts = cut(&builder, "masks", regions, side: 14)
        let each = try (0..<stages).map { try builder.masks(maskPath($0), parts, mask).name }
        let sum = each.count == 1 ? each[0] : builder.node("Sum", "masks.sum", each)
        let mean =
            each.count == 1 ? sum : builder.node("Mul", "masks.mean", [sum, builder.number(1 / Double(each.count))])
        // Objects that are not there have some class's.
        let label = builder.node("Max", "masks.labels", [found.labels, builder.sizes([0])])
        let channel =
            style == .torchvision ? builder.node("Add", "masks.channels", [label, builder.sizes([1])]) : label
        let column = builder.node("Reshape", "masks.column", [channel, builder.sizes([-1, 1])])
        let own = builder.node("GatherND", "masks.own", [mean, column], ["batch_dims": .integer(1)])
        let result = builder.node("Reshape", "masks", [own, builder.sizes([-1, found.count, 28, 28])])
        return GraphValue(name: result, shape: [found.count, 28, 28])
    }
}

/// The regions of each image on their way through the stages.
private struct GraphStage {
    /// [N, R, 4].
    var boxes: String
    /// R.
    let count: Int
    /// [N, R boxes, 4], times the deviations.
    var deltas = ""
}

/// What regions are cut out of.
private struct GraphCut {
    let head: RegionHeadSpecification
    let maps: [FeatureMap]
    let strides: [Int]

    func callAsFunction(
        _ builder: inout GraphBuilder, _ path: String, _ regions: GraphRegions, side: Int
    ) -> FeatureMap {
        builder.cut(path + ".cut", regions, maps, strides: strides, side: side, head)
    }
}
