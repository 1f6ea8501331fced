import Datasets
import Detection
import Foundation
import Tensors
import Testing

/// Masks of regions: put into the image, and cut out of it.
struct MaskTests {
    @Test func pastedMasksAreThoseOfTheReference() throws {
        let cases = try #require(Resource.json("boxes.json")["pasted"]?.arrayValue)
        #expect(cases.count == 3)
        for item in cases {
            let (box, size) = (try #require(item["box"]?.numbers), try #require(item["size"]?.numbers))
            let mask = MaskPaste(.torchvision).paste(
                try #require(item["probabilities"]?.numbers), 28,
                Box(left: box[0], top: box[1], right: box[2], bottom: box[3]), Pair(Int(size[0]), Int(size[1])))
            guard case .string(let text)? = item["mask"] else { throw CancellationError() }
            #expect(mask.bitmap == text.utf8.map { $0 - 48 })
        }
    }

    /// Each pixel's center reads the mask, between whose places are zeros outside.
    private func plain(_ mask: [Double], _ side: Pair, _ box: Box, _ size: Pair) -> [UInt8] {
        func value(_ y: Int, _ x: Int) -> Double {
            0..<side.height ~= y && 0..<side.width ~= x ? mask[y * side.width + x] : 0
        }
        return (0..<size.height * size.width).map { index in
            let x = (Double(index % size.width) + 0.5 - box.left) / box.width * Double(side.width) - 0.5
            let y = (Double(index / size.width) + 0.5 - box.top) / box.height * Double(side.height) - 0.5
            let (column, row) = (Int(floor(x)), Int(floor(y)))
            let (right, lower) = (x - floor(x), y - floor(y))
            let upper = (1 - right) * value(row, column) + right * value(row, column + 1)
            let under = (1 - right) * value(row + 1, column) + right * value(row + 1, column + 1)
            return (1 - lower) * upper + lower * under >= 0.5 ? 1 : 0
        }
    }

    @Test func pixelsReadTheMaskWhereverTheBoxLies() {
        var random = Random(seed: 2, purpose: "paste")
        for _ in 0..<60 {
            let side = Pair(1 + random.integer(below: 7), 1 + random.integer(below: 7))
            let mask = (0..<side.height * side.width).map { _ in random.uniform() }
            let size = Pair(5 + random.integer(below: 30), 5 + random.integer(below: 30))
            let (x, y) = (random.uniform(-20, 30), random.uniform(-20, 30))
            let box = Box(left: x, top: y, right: x + random.uniform(0.3, 40), bottom: y + random.uniform(0.3, 40))
            #expect(MaskPaste().paste(mask, side, box, size).bitmap == plain(mask, side, box, size))
        }
    }

    @Test func boxesOfNoUseGiveNoPixels() {
        let mask = [Double](repeating: 1, count: 4)
        let size = Pair(6, 6)
        for style in DetectorStyle.allCases {
            for box in [
                Box(left: 10, top: 10, right: 12, bottom: 12), Box(left: .nan, top: 0, right: 2, bottom: 2),
                Box(left: 0, top: 0, right: .infinity, bottom: 2),
            ] { #expect(MaskPaste(style).paste(mask, 2, box, size).area == 0) }
        }
        #expect(MaskPaste().paste(mask, 2, Box(left: 2, top: 2, right: 2, bottom: 5), size).area == 0)
        let far = Box(left: -1e12, top: -1e12, right: 1e12, bottom: 1e12)
        #expect(MaskPaste().paste(mask, 2, far, size).area == 36)
    }

    @Test func targetsAreAveragesOfPlacesInTheBox() {
        // The left half of a 8 x 8 image.
        let bitmap = (0..<64).map { UInt8($0 % 8 < 4 ? 1 : 0) }
        let box = Box(left: 2, top: 0, right: 6, bottom: 4)
        #expect(MaskTarget(.mmdetection, side: 2).target(bitmap, 8, box) == [1, 0, 1, 0])
        // Two places a bin at 2.5 and 3.5, then 4.5 and 5.5, read between pixels 2 3, 3 4, 4 5 and 5 6.
        #expect(MaskTarget(.torchvision, side: 2).target(bitmap, 8, box) == [0.75, 0, 0.75, 0])
    }

    @Test func targetsOfBoxesBeyondTheImageAreClippedInOneStyle() {
        let bitmap = [UInt8](repeating: 1, count: 36)
        let box = Box(left: -6, top: 0, right: 6, bottom: 6)
        #expect(MaskTarget(.mmdetection, side: 2).target(bitmap, 6, box) == [1, 1, 1, 1])
        let shares = MaskTarget(.torchvision, side: 2).target(bitmap, 6, box)
        #expect(shares[0] < 0.5 && shares[1] == 1)
        #expect(
            MaskTarget(.mmdetection, side: 2).target(bitmap, 6, Box(left: 9, top: 9, right: 12, bottom: 12)) == [
                0, 0, 0, 0,
            ])
        #expect(
            MaskTarget(.torchvision, side: 1).target(bitmap, 6, Box(left: .nan, top: 0, right: 1, bottom: 1)) == [0])
    }

    @Test func extremesOfMasksAreThoseOfTheReference() throws {
        let given = try BoxCase.named("masks_to_boxes")
        let masks = given["in.masks"].map { UInt8($0) }
        let boxes = (0..<3).map { MaskTarget.extremes(Array(masks[72 * $0..<72 * ($0 + 1)]), Pair(9, 8)) }
        #expect(sides(boxes.compactMap { $0 }) == given["out.0"])
        #expect(MaskTarget.extremes([UInt8](repeating: 0, count: 4), 2) == nil)
    }
}
