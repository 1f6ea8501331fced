import Autograd
import Layers
import Tensors

extension Explainer {
    /// Covers one square of the image after the other with the mean of the data, which is 0 behind the normalisation. The
    /// heat of a pixel is what the probability loses on average under the squares that cover it; squares stand `step` pixels
    /// apart, from the upper left corner to those that end at the edges.
    func occlusion(_ input: Tensor<Float>, _ answer: ExplainedAnswer, square: Int?, step: Int?) -> HeatMap {
        let (height, width, channels) = (input.shape[1], input.shape[2], input.shape[3])
        let side = min(square ?? max(1, (min(height, width) + 5) / 6), min(height, width))
        let step = max(1, step ?? (side + 1) / 2)
        let corners = Self.starts(height, side, step).flatMap { y in
            Self.starts(width, side, step).map { (y: y, x: $0) }
        }
        let base = Self.probabilities(model.answer(Variable(input), .evaluation(store)).logits.value, answer)[0]
        var (sums, counts) = ([Double](repeating: 0, count: height * width), [Int](repeating: 0, count: height * width))
        let together = max(1, min(32, (1 << 22) / (height * width * channels)))
        for first in stride(from: 0, to: corners.count, by: together) {
            let some = corners[first..<min(corners.count, first + together)]
            let covered = Self.covered(input, some, side: side)
            let output = model.answer(Variable(covered), .evaluation(store))
            for (corner, value) in zip(some, Self.probabilities(output.logits.value, answer)) {
                for y in corner.y..<corner.y + side {
                    for x in corner.x..<corner.x + side {
                        sums[y * width + x] += base - value
                        counts[y * width + x] += 1
                    }
                }
            }
        }
        return HeatMap(height: height, width: width, zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : 0 })
    }

    /// Where squares begin along an axis: the last one ends at the edge.
    package static func starts(_ extent: Int, _ side: Int, _ step: Int) -> [Int] {
        let last = extent - side
        return Array(stride(from: 0, to: last, by: step)) + [last]
    }

    /// The image once for each corner, with the square there covered.
    private static func covered(
        _ input: Tensor<Float>, _ corners: ArraySlice<(y: Int, x: Int)>, side: Int
    ) -> Tensor<Float> {
        let (width, channels, size) = (input.shape[2], input.shape[3], input.elementCount)
        return Tensor(input.shape.replacing(axis: 0, with: corners.count)) { out in
            input.read { image in
                for (row, corner) in corners.enumerated() {
                    let target = out + row * size
                    target.update(from: image, count: size)
                    for y in corner.y..<corner.y + side {
                        (target + (y * width + corner.x) * channels).update(repeating: 0, count: side * channels)
                    }
                }
            }
        }
    }
}
