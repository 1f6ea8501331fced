import Autograd
import Datasets
import Detection
import Tensors

extension RepPointsRules {
    /// The points of a batch that are of objects.
    struct Matches {
        /// For each level the rows of points, counted over the images of the batch, and the box that each should give.
        var rows: [[Int32]]
        var boxes: [[Box]]
        /// What the sum over all coordinates is divided by: for each image as many as are of objects, and at least 1.
        var divisor: Double
    }

    /// One point for each object.
    func initialMatches(_ grid: PointGrid, _ targets: InstanceTargets) -> Matches {
        let assignment = PointAssignment(grid: grid, scale: scale, multiple: paddingMultiple)
        var matches = Matches(grid)
        for (image, target) in targets.images.enumerated() {
            let found = assignment(target.boxes, visible: target.visible)
            for (point, object) in found { matches.add(grid, image, point, target.boxes[object]) }
            matches.divisor += Double(max(1, found.count))
        }
        return matches
    }

    /// All points whose initial box overlaps enough with an object, and what class each point of each level should say, image
    /// by image; as `Matcher` says where it is none.
    func refinedMatches<S: Scalar>(
        _ answer: RepPointsAnswer<S>, _ targets: InstanceTargets
    ) -> (boxes: Matches, labels: [[Int32]]) {
        let grid = answer.grid
        let images = targets.images
        let boxes = grid.levels.indices.map { answer.pixelBoxes(.initial, $0) }
        let found = inParallel(images.count) { image in
            let columns = BoxColumns(
                zip(grid.levels, boxes).flatMap { $1[image * $0.count..<(image + 1) * $0.count] })
            var found = matcher.matches(
                columns, images[image].boxes, counted: grid.own(images[image].visible, multiple: paddingMultiple))
            if ignoresCrowds { Matcher.ignore(&found, columns, in: images[image].crowds) }
            return found
        }
        var matches = Matches(grid)
        var labels = grid.levels.map { _ in [Int32]() }
        for (target, found) in zip(images, found) {
            var count = 0
            for (level, place) in grid.levels.enumerated() {
                for match in found[place.first..<place.first + place.count] {
                    if match >= 0 {
                        matches.rows[level].append(Int32(labels[level].count))
                        matches.boxes[level].append(target.boxes[Int(match)])
                        count += 1
                    }
                    labels[level].append(match >= 0 ? target.labels[Int(match)] : match)
                }
            }
            matches.divisor += Double(max(1, count))
        }
        return (matches, labels)
    }

    /// The focal loss of each level, divided.
    func classLosses<S: Scalar>(
        _ answer: RepPointsAnswer<S>, _ labels: [[Int32]], divisor: Double
    ) -> [Variable<S>] {
        zip(answer.classes, labels).map { logits, labels in
            logits.reshaped([logits.shape.rows, logits.shape.columns])
                .sigmoidFocal(labels, alpha: alpha, gamma: gamma).scaled(by: S(classWeight / divisor))
        }
    }

    /// Smooth L1 of each level's boxes in units of the side that suits the level, divided.
    ///
    /// A box is (b stride + p) pixels, b in strides from the point p: in units of scale stride it differs from its target t by
    /// b / scale - (t - p) / (scale stride).
    func boxLosses<S: Scalar>(
        _ answer: RepPointsAnswer<S>, _ stage: RepPointsAnswer<S>.Stage, _ matches: Matches, weight: Double
    ) -> [Variable<S>] {
        answer.grid.levels.enumerated().map { index, level in
            let points = answer.points(stage, index)
            let rows = matches.rows[index]
            guard !rows.isEmpty else { return points.nothing }
            let stride = Double(level.stride)
            let targets = zip(rows, matches.boxes[index]).flatMap { row, box -> [S] in
                let point = Int(row) % level.count
                let x = Double(point % level.size.width) * stride
                let y = Double(point / level.size.width) * stride
                return [box.left - x, box.top - y, box.right - x, box.bottom - y].map { S($0 / (scale * stride)) }
            }
            return answer.boxes(points.rows(rows)).scaled(by: S(1 / scale))
                .smoothL1(Tensor([rows.count, 4], targets), beta: beta).scaled(by: S(weight / matches.divisor))
        }
    }
}

extension RepPointsRules.Matches {
    fileprivate init(_ grid: PointGrid) {
        rows = grid.levels.map { _ in [] }
        boxes = grid.levels.map { _ in [] }
        divisor = 0
    }

    /// Adds a point of an image, counted over all levels.
    fileprivate mutating func add(_ grid: PointGrid, _ image: Int, _ point: Int, _ box: Box) {
        guard let level = grid.levels.lastIndex(where: { $0.first <= point }) else { return }
        rows[level].append(Int32(image * grid.levels[level].count + point - grid.levels[level].first))
        boxes[level].append(box)
    }
}
