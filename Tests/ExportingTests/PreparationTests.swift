import Exporting
import Foundation
import Models
import Testing

/// Images of any size as bytes, brought to the input within the graph.
@Suite struct PreparationTests {
    /// Bytes [height, width, channels].
    private struct Picture: Equatable {
        var height: Int
        var width: Int
        var pixels: [Int]

        init(height: Int, width: Int) {
            (self.height, self.width) = (height, width)
            pixels = (0..<height * width * 3).map { ($0 * 7919 + $0 / 5 * 131) % 256 }
        }

        subscript(_ y: Int, _ x: Int, _ c: Int) -> Int { pixels[(y * width + x) * 3 + c] }

        private init(_ height: Int, _ width: Int, _ value: (Int, Int, Int) -> Int) {
            (self.height, self.width, pixels) = (height, width, [])
            for y in 0..<height { for x in 0..<width { for c in 0..<3 { pixels.append(value(y, x, c)) } } }
        }

        /// As Pillow resizes: each pass with weights of 22 bits, and rounded to bytes.
        func resized(_ newHeight: Int, _ newWidth: Int, cubic: Bool) -> Picture {
            let across = Self.weights(width, newWidth, cubic)
            let wide = Picture(height, newWidth) { y, x, c in
                Self.byte((0..<width).reduce(0) { $0 + across[x][$1] * self[y, $1, c] })
            }
            let down = Self.weights(height, newHeight, cubic)
            return Picture(newHeight, newWidth) { y, x, c in
                Self.byte((0..<height).reduce(0) { $0 + down[y][$1] * wide[$1, x, c] })
            }
        }

        private static func byte(_ sum: Int) -> Int { min(max((sum + 1 << 21) >> 22, 0), 255) }

        private static func weights(_ size: Int, _ newSize: Int, _ cubic: Bool) -> [[Int]] {
            func filter(_ d: Double) -> Double {
                let d = abs(d)
                guard cubic else { return max(0, 1 - d) }
                if d < 1 { return 1.5 * d * d * d - 2.5 * d * d + 1 }
                return d < 2 ? -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2 : 0
            }
            let scale = Double(size) / Double(newSize)
            return (0..<newSize).map { position in
                let raw = (0..<size).map {
                    filter((Double($0) + 0.5 - (Double(position) + 0.5) * scale) / max(1, scale))
                }
                let sum = raw.reduce(0, +)
                return raw.map { Int(($0 / sum * Double(1 << 22)).rounded()) }
            }
        }

        func cut(_ top: Int, _ left: Int, _ newHeight: Int, _ newWidth: Int, beyond: [Int] = [0, 0, 0]) -> Picture {
            Picture(newHeight, newWidth) { y, x, c in
                let (v, u) = (y + top, x + left)
                return (0..<height).contains(v) && (0..<width).contains(u) ? self[v, u, c] : beyond[c]
            }
        }
    }

    private let specification = ModelSpecification(
        ResNetSpecification(baseWidth: 4, depths: [1], stem: .small, classes: 3))
    private let mean: [Float] = [0.25, 0.5, 0.75]
    private let deviation: [Float] = [0.5, 0.25, 0.125]

    private func check(_ steps: [ImagePreparation.Step], _ picture: Picture, _ wanted: Picture) throws {
        let sample = try Sample(specification, height: 8, width: 10)
        let preparation = ImagePreparation(steps: steps, mean: mean, deviation: deviation)
        let model = try ONNXModel(
            specification, height: 8, width: 10, tensors: sample.tensors, preparation: preparation, temperature: 2)
        #expect(model.input.extents == ["batch", "height", "width", "3"] && model.input.name == "image")
        let reader = try ONNXReader(Array(model.pieces.joined()))
        #expect(reader.inputs.map(\.type) == [2] && reader.outputs.map(\.name) == ["probabilities"])
        let image = Axes([1, picture.height, picture.width, 3], picture.pixels.map { Double($0) })
        let found = try #require(try Interpreter(model: reader).run(["image": image])["probabilities"])

        let plain = try ONNXReader(
            Array(try ONNXModel(specification, height: 8, width: 10, tensors: sample.tensors).pieces.joined()))
        let input = Axes([1, 3, 8, 10]) { index in
            let c = index[1]
            return (Double(wanted[index[2], index[3], c]) / 255 - Double(mean[c])) / Double(deviation[c])
        }
        let logits = try #require(try Interpreter(model: plain).run(["images": input])["logits"]).values
        let powers = logits.map { exp($0 / 2) }
        for (a, b) in zip(found.values, powers) { #expect(abs(a - b / powers.reduce(0, +)) < 1e-9) }
    }

    @Test(arguments: [(13, 9), (5, 23), (8, 10), (31, 40)])
    func imagesOfAnySizeAreStretched(height: Int, width: Int) throws {
        let picture = Picture(height: height, width: width)
        for (filter, cubic) in [(ImagePreparation.Filter.bilinear, false), (.bicubic, true)] {
            try check(
                [.resize(height: 8, width: 10, filter)], picture, picture.resized(8, 10, cubic: cubic))
        }
    }

    @Test func imagesAreCoveredAndCutToTheMiddle() throws {
        // 13 x 9 to a width of 10 is 14.44 rows; (14 - 8) / 2 = 3.
        let tall = Picture(height: 13, width: 9)
        try check(
            [.cover(height: 8, width: 10, .bilinear)], tall, tall.resized(14, 10, cubic: false).cut(3, 0, 8, 10))
        // 8 rows of 6 x 25 are 33.3 columns; half of 23 is 11.5, to even 12.
        let wide = Picture(height: 6, width: 25)
        try check([.cover(height: 8, width: 10, .bicubic)], wide, wide.resized(8, 33, cubic: true).cut(0, 12, 8, 10))
    }

    @Test func imagesAreContainedInAColor() throws {
        let tall = Picture(height: 20, width: 9)
        // 8 rows are 3.6 columns, 4; 3 on each side.
        try check(
            [.contain(height: 8, width: 10, .bilinear, fill: [64, 128, 191])], tall,
            tall.resized(8, 4, cubic: false).cut(0, -3, 8, 10, beyond: [64, 128, 191]))
    }

    @Test func shorterSidesAndMiddles() throws {
        let picture = Picture(height: 15, width: 22)
        // The shorter side to 9: 22 * 9 / 15 = 13.2, rounded down.
        try check(
            [.shorterSide(9, .bicubic), .middle(height: 8, width: 10)], picture,
            picture.resized(9, 13, cubic: true).cut(0, 2, 8, 10))
        // Black beyond the edges: half of 5 - 8 is -1.5, to even -2; of 8 - 10 it is -1.
        let small = Picture(height: 5, width: 8)
        try check([.middle(height: 8, width: 10)], small, small.cut(-2, -1, 8, 10))
    }

    @Test func onlyClassifiersPrepareImages() throws {
        let dense = ModelSpecification(
            UNetSpecification(baseWidth: 2), head: UNetHeadSpecification(classes: 2))
        let sample = try Sample(dense, height: 16, width: 16)
        #expect(throws: ExportError.self) {
            try ONNXModel(
                dense, height: 16, width: 16, tensors: sample.tensors,
                preparation: ImagePreparation(steps: [], mean: mean, deviation: deviation))
        }
    }
}
