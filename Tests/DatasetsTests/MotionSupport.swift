import Datasets
import Foundation
import Tensors

/// Black images with something painted at a known place.
enum Painted {
    /// A round spot that fades out, brightest at `center`.
    static func spot(_ size: Pair, at center: Point, radius: Double) -> Image {
        let pixels = (0..<size.height).flatMap { y in
            (0..<size.width).map { x in
                let (dx, dy) = (Double(x) + 0.5 - center.x, Double(y) + 0.5 - center.y)
                return UInt8((250 * exp(-(dx * dx + dy * dy) / (2 * radius * radius))).rounded())
            }
        }
        return Image(width: size.width, height: size.height, channels: 1, pixels: pixels)
    }

    /// A square of whole pixels, 250 on 100.
    static func square(_ size: Pair, _ box: Box) -> Image {
        let labels = mask(size, box).labels
        return Image(width: size.width, height: size.height, channels: 1, pixels: labels.map { $0 == 1 ? 250 : 100 })
    }

    /// The same square, 1 on 0.
    static func mask(_ size: Pair, _ box: Box) -> Mask {
        let labels = (0..<size.height).flatMap { y in
            (0..<size.width).map { x in
                let (x, y) = (Double(x) + 0.5, Double(y) + 0.5)
                return UInt8(x > box.left && x < box.right && y > box.top && y < box.bottom ? 1 : 0)
            }
        }
        return Mask(size: size, labels: labels)
    }
}

/// The middle of all brightness, in continuous coordinates; nil for a black image.
func centerOfMass(_ image: Image) -> Point? {
    var (sum, x, y) = (0.0, 0.0, 0.0)
    for row in 0..<image.height {
        for column in 0..<image.width {
            let weight = Double(image.pixels[(row * image.width + column) * image.channels])
            sum += weight
            x += weight * (Double(column) + 0.5)
            y += weight * (Double(row) + 0.5)
        }
    }
    return sum > 0 ? Point(x / sum, y / sum) : nil
}

/// Changes of an image that move pixels, drawn at random.
enum Geometry: CaseIterable {
    case crop, pad, reflect, flip, resize, fit, surround, shorterSide, resizedCrop, affine, augment

    /// RandAugment's operations that move pixels.
    static let operations: [RandAugment.Operation] = [.rotate, .shearX, .shearY, .translateX, .translateY]

    func apply(to canvas: inout Canvas, _ random: inout Random) {
        /// A side near the present one, odd or even.
        func side(_ length: Int) -> Int { max(8, Int(Double(length) * random.uniform(0.6, 1.7))) }
        let filter = ResizeFilter.allCases[random.integer(below: 2)]
        let (width, height) = (canvas.width, canvas.height)
        switch self {
        case .crop:
            let (x, y) = (random.integer(below: width / 4), random.integer(below: height / 4))
            canvas.crop(
                x: x, y: y, width: width - x - random.integer(below: width / 4),
                height: height - y - random.integer(below: height / 4))
        case .pad, .reflect:
            let (left, top) = (random.integer(below: 7), random.integer(below: 7))
            canvas.crop(
                x: -left, y: -top, width: width + left + random.integer(below: 5),
                height: height + top + random.integer(below: 5), padding: self == .pad ? .zero : .reflect)
        case .flip: canvas.mirror()
        case .resize: canvas.resize(width: side(width), height: side(height), filter: filter)
        case .fit:
            step(.fit(width: side(width), height: side(height), filter: filter), &canvas, &random)
        case .surround:
            step(.pad(width: side(width), height: side(height), filter: filter, fill: [0]), &canvas, &random)
        case .shorterSide: step(.resizeShorterSide(to: side(min(width, height)), filter: filter), &canvas, &random)
        case .resizedCrop:
            let (width, height) = (side(width), side(height))
            step(
                .randomResizedCrop(width: width, height: height, scale: [0.5, 1], ratio: [0.7, 1.4], filter: filter),
                &canvas, &random)
        case .affine:
            step(.affine(degrees: 40, translate: [0.2, 0.2], scale: [0.7, 1.4], shear: 15), &canvas, &random)
        case .augment:
            let draw = RandAugment.Draw(
                operation: Self.operations[random.integer(below: Self.operations.count)],
                level: random.uniform(0, 10), isNegative: random.chance(0.5))
            RandAugment(policy: RandAugment.Policy(), fill: [0], filter: filter).apply(draw, to: &canvas)
        }
    }

    private func step(_ step: TransformStep, _ canvas: inout Canvas, _ random: inout Random) {
        step.apply(to: &canvas, &random)
    }

    /// What becomes of an image by some changes.
    static func moved(_ image: Image, by changes: [Geometry], seed: UInt64) -> (image: Image, motion: Motion) {
        movedOnCanvas(image) { canvas in
            var random = Random(seed: seed, purpose: "geometry")
            for change in changes { change.apply(to: &canvas, &random) }
        }
    }

    /// One to five changes.
    static func chain(_ random: inout Random, except left: Set<Geometry> = []) -> [Geometry] {
        let all = allCases.filter { !left.contains($0) }
        return (0...random.integer(below: 5)).map { _ in all[random.integer(below: all.count)] }
    }

    static func size(_ random: inout Random) -> Pair {
        Pair(40 + random.integer(below: 60), 40 + random.integer(below: 60))
    }
}
