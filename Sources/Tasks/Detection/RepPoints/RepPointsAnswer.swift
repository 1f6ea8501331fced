import Autograd
import Datasets
import Tensors

/// What RepPoints' head says of a batch: for each level the class logits [N, h, w, K], then for each level the initial points
/// [N, h, w, 18], then for each level the refined points, all in strides from the cell's own point (y1, x1, .., y9, x9), and
/// last the transfer of the moments [2], where boxes are made by moments.
struct RepPointsAnswer<S: Scalar> {
    /// One stage's points.
    enum Stage { case initial, refined }

    let classes: [Variable<S>]
    private let initial: [Variable<S>]
    private let refined: [Variable<S>]
    private let transfer: Variable<S>?
    let grid: PointGrid
    private let transform: RepPointsRules.Transform

    init(_ answer: [Variable<S>], strides: [Int], _ transform: RepPointsRules.Transform) {
        let levels = strides.count
        require(
            answer.count == 3 * levels + (transform == .moment ? 1 : 0), "RepPointsRules", answer.map(\.shape),
            "an answer has classes, initial points and refined points for each of \(levels) levels, and the transfer of moments"
        )
        classes = Array(answer[0..<levels])
        initial = Array(answer[levels..<2 * levels])
        refined = Array(answer[2 * levels..<3 * levels])
        transfer = transform == .moment ? answer[3 * levels] : nil
        grid = PointGrid(strides: strides, sizes: classes.map { Pair($0.shape[1], $0.shape[2]) })
        self.transform = transform
    }

    /// The number of images.
    var images: Int { classes[0].shape[0] }

    /// The points of a level, [N h w, 18].
    func points(_ stage: Stage, _ level: Int) -> Variable<S> {
        let points = stage == .initial ? initial[level] : refined[level]
        return points.reshaped([points.shape.rows, points.shape.columns])
    }

    /// Boxes [R, 4] around points [R, 18], in strides from the cell's point.
    func boxes(_ points: Variable<S>) -> Variable<S> { boxes(points, transfer) }

    private func boxes(_ points: Variable<S>, _ transfer: Variable<S>?) -> Variable<S> {
        switch transform {
        case .moment: transfer.map { points.momentBoxes($0) } ?? points.extremeBoxes()
        case .minMax: points.extremeBoxes()
        case .partialMinMax: points.extremeBoxes(first: 4)
        }
    }

    /// The same for a whole level without a gradient, in pixels of the input, image by image.
    func pixelBoxes(_ stage: Stage, _ level: Int) -> [Box] {
        let place = grid.levels[level]
        let boxes = boxes(points(stage, level).detached, transfer?.detached).value
        let stride = Double(place.stride)
        return boxes.read { numbers in
            (0..<boxes.shape[0]).map { row in
                let point = row % place.count
                let x = Double(point % place.size.width) * stride
                let y = Double(point / place.size.width) * stride
                let at = numbers + 4 * row
                return Box(
                    left: Double(at[0]) * stride + x, top: Double(at[1]) * stride + y,
                    right: Double(at[2]) * stride + x, bottom: Double(at[3]) * stride + y)
            }
        }
    }
}
