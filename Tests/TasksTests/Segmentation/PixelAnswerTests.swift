import Foundation
import Tensors
import Testing

/// The answer to each pixel from a small map of scores, without the large map.
struct PixelAnswerTests {
    @Test(arguments: [Pair(7, 9), Pair(64, 48), Pair(3, 4)])
    func equalsResizingAndThenTakingTheLargest(_ size: Pair) {
        var random = Random(seed: 1, purpose: "scores")
        let scores = Tensor<Float>.normal([1, 3, 4, 5], from: &random)
        let labels = (0..<size.height * size.width).map { (index: Int) -> UInt8 in
            index % 7 == 6 ? 255 : UInt8(index % 5)
        }
        let found = scores.pixelAnswers(height: size.height, width: size.width, size: size, labels: labels)
        let large = scores.resized(height: size.height, width: size.width, .bilinear(alignCorners: false)).array
        var loss = 0.0
        for pixel in 0..<size.height * size.width {
            let row = large[pixel * 5..<(pixel + 1) * 5].map { Double($0) }
            let best = row.indices.max { (row[$0], $1) < (row[$1], $0) } ?? 0
            #expect(Int(found.classes[pixel]) == best)
            if labels[pixel] != 255 {
                loss += log(row.map { exp($0) }.reduce(0, +)) - row[Int(labels[pixel])]
            }
        }
        #expect(abs(found.loss - loss) < 1e-4 * loss)
    }

    @Test func cutsOffWhatLiesBeyondTheImage() {
        var random = Random(seed: 2, purpose: "scores")
        let scores = Tensor<Float>.normal([1, 4, 4, 3], from: &random)
        let whole = scores.pixelAnswers(height: 32, width: 32, size: Pair(32, 32)).classes
        let part = scores.pixelAnswers(height: 32, width: 32, size: Pair(20, 27)).classes
        for y in 0..<20 { for x in 0..<27 { #expect(part[y * 27 + x] == whole[y * 32 + x]) } }
    }
}
