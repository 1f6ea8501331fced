// Scenes: made-up pictures of several objects whose masks and boxes are known exactly; nothing to download.

import Tensors

/// Which scenes are meant; each part has scenes of its own.
public enum DigitScenePart: String, Sendable, CaseIterable {
    /// Of the training images of `Digits`.
    case train
    /// Of the training images of `Digits` too, other scenes.
    case validation
    /// Of the test images of `Digits`, which other people wrote.
    case test

    /// How many scenes a part has unless another number is asked for.
    public var defaultCount: Int {
        switch self {
        case .train: 2000
        case .validation: 200
        case .test: 500
        }
    }
}

/// A picture of 96 x 96 pixels with one to five handwritten digits of the embedded set before a textured background, later
/// ones in front of earlier ones; a pure function of a seed, a part and an index.
///
/// Digits are 24 to 46 pixels high and may be cut off by the edges; their ink is gray or colored, and more or less of a
/// contrast to the background. What covers a pixel by half or more is what its mask says.
public struct DigitScene: Sendable {
    /// Height and width in pixels.
    public static let size = Pair(96, 96)
    /// The height of a digit in pixels: the smallest and the largest.
    public static let digitHeights = 24.0...46.0
    /// The classes of `mask`: the background, then the digits.
    public static let maskClassNames = ["background"] + digitNames
    /// The classes of `instances`.
    public static let digitNames = (0...9).map(String.init)

    /// A digit as it lies in the picture.
    struct Glyph: Sendable {
        let digit: Int
        /// The name of the digit's image.
        let source: String
        let ink: SIMD3<Float>
        /// How much of each pixel it covers, 0...1.
        let cover: GlyphCover
    }

    let backdrop: Backdrop
    /// From the back to the front.
    let glyphs: [Glyph]
    /// Of each pixel the digit in front, its place in `glyphs`; -1 where the background shows.
    let owners: [Int8]

    /// Scene `index` of a part.
    /// - Throws: `DatasetError` where the program is damaged.
    public init(seed: UInt64, index: Int, part: DigitScenePart) throws {
        let (train, test) = try Self.digits.get()
        let images = part == .test ? test : train
        var random = Random(seed: seed, purpose: "scenes.\(part.rawValue)", index)
        backdrop = Backdrop(&random)
        var glyphs: [Glyph] = []
        var places: [GlyphPlace] = []
        for _ in 0...random.integer(below: 5) {
            let chosen = random.integer(below: images.count)
            let place = GlyphPlace(beside: places, in: Self.size, &random)
            places.append(place)
            glyphs.append(
                Glyph(
                    digit: images.annotation(chosen).index, source: images.name(chosen), ink: backdrop.ink(&random),
                    cover: GlyphCover(images.image(chosen).pixels, at: place, in: Self.size)))
        }
        self.glyphs = glyphs
        owners = Self.owners(of: glyphs)
    }

    private static let digits = Result { try Digits.load() }

    private static func owners(of glyphs: [Glyph]) -> [Int8] {
        var owners = [Int8](repeating: -1, count: size.height * size.width)
        for (number, glyph) in glyphs.enumerated() {
            let cover = glyph.cover
            for y in 0..<cover.height {
                let row = (cover.top + y) * size.width + cover.left
                for x in 0..<cover.width where cover.values[y * cover.width + x] >= 0.5 {
                    owners[row + x] = Int8(number)
                }
            }
        }
        return owners
    }

    /// The names of the digits' images, from the back to the front.
    package var sources: [String] { glyphs.map(\.source) }

    /// The class of each pixel: 0 for the background, 1...10 for the digits 0...9.
    public var mask: Mask {
        let classes = glyphs.map { UInt8($0.digit + 1) }
        return Mask(size: Self.size, labels: owners.map { $0 < 0 ? 0 : classes[Int($0)] })
    }

    /// The digits of which something is to be seen, from the back to the front: class, and box and mask (1 on 0) of what is
    /// visible.
    public var instances: Instances {
        let width = Self.size.width
        let items = glyphs.enumerated().compactMap { number, glyph -> Instance? in
            let labels = owners.map { $0 == Int8(number) ? UInt8(1) : 0 }
            var (left, right, top, bottom, area) = (width, -1, Self.size.height, -1, 0)
            for (index, label) in labels.enumerated() where label == 1 {
                let (y, x) = (index / width, index % width)
                (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
                area += 1
            }
            guard area > 0 else { return nil }
            return Instance(
                box: Box(left: Double(left), top: Double(top), right: Double(right + 1), bottom: Double(bottom + 1)),
                classIndex: glyph.digit, area: Double(area), mask: Mask(size: Self.size, labels: labels))
        }
        return Instances(size: Self.size, items: items)
    }

    /// The picture, in color.
    public var image: Image {
        var colors = backdrop.colors(Self.size)
        for glyph in glyphs {
            let cover = glyph.cover
            for y in 0..<cover.height {
                let row = (cover.top + y) * Self.size.width + cover.left
                for x in 0..<cover.width {
                    let part = cover.values[y * cover.width + x]
                    // Ink lets a little of what is behind it through.
                    if part > 0 { colors[row + x] += (glyph.ink - colors[row + x]) * (0.85 * part) }
                }
            }
        }
        return Image(
            width: Self.size.width, height: Self.size.height, channels: 3, pixels: backdrop.grained(colors))
    }
}
