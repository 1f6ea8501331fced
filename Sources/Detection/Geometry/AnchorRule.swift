import Datasets
import Tensors

/// Which boxes a detector starts from: at each place of each of its maps the same few, around the place.
///
/// Inside a place the ratio changes slower than the size. Both styles differ in how sides are rounded and in how far apart
/// the places of a map are.
public struct AnchorRule: Codable, Hashable, Sendable {
    /// `torchvision` rounds the corners of a place's boxes (halves to even) and divides the padded input by the map, rounding
    /// down; `mmdetection` rounds nothing and takes the strides as they are.
    public var style: DetectorStyle
    /// The sides of square anchors for each level from fine to coarse, in input pixels.
    public var sizes: [[Double]]
    /// Height over width.
    public var ratios: [Double]
    /// How many input pixels lie between two places of each level.
    public var strides: [Int]

    /// - Parameters:
    ///   - sizes: for each level the sides of square anchors.
    ///   - strides: as many as there are levels.
    public init(style: DetectorStyle, sizes: [[Double]], ratios: [Double] = [0.5, 1, 2], strides: [Int]) {
        (self.style, self.sizes, self.ratios, self.strides) = (style, sizes, ratios, strides)
    }

    /// RetinaNet's nine anchors a place: sides of 4, 4 x 2^(1/3) and 4 x 2^(2/3) strides (Lin et al., "Focal loss for dense
    /// object detection", 2017, section 4), which torchvision rounds down to whole pixels.
    public static func retinaNet(_ style: DetectorStyle, strides: [Int] = [8, 16, 32, 64, 128]) -> AnchorRule {
        let sizes = strides.map { stride in
            (0..<3).map { third in
                let size = Double(4 * stride) * power(2, Double(third) / 3)
                return style == .torchvision ? size.rounded(.down) : size
            }
        }
        return AnchorRule(style: style, sizes: sizes, strides: strides)
    }

    /// The three anchors a place of networks that propose regions: sides of 8 strides.
    public static func proposals(_ style: DetectorStyle, strides: [Int] = [4, 8, 16, 32, 64]) -> AnchorRule {
        AnchorRule(style: style, sizes: strides.map { [Double(8 * $0)] }, strides: strides)
    }

    /// How many levels there are.
    public var levels: Int { sizes.count }

    /// How many anchors a place of a level has.
    public func perCell(level: Int = 0) -> Int { sizes[level].count * ratios.count }

    /// The boxes of one place, around (0, 0).
    public func cells(level: Int) -> [Box] {
        ratios.flatMap { ratio in
            let root = ratio.squareRoot()
            return sizes[level].map { size in
                let (x, y) = (size * (1 / root) / 2, size * root / 2)
                let box = Box(left: -x, top: -y, right: x, bottom: y)
                return style == .torchvision ? box.roundedToEven : box
            }
        }
    }

    /// How far apart the places of a map are, in input pixels.
    /// - Parameters:
    ///   - map: height and width of the map.
    ///   - input: height and width of the padded input.
    public func step(level: Int, map: Pair, input: Pair) -> Pair {
        style == .torchvision
            ? Pair(input.height / max(1, map.height), input.width / max(1, map.width)) : Pair(strides[level])
    }

    /// The boxes of one map, place by place and row by row.
    /// - Parameters:
    ///   - map: height and width of the map.
    ///   - input: height and width of the padded input.
    public func boxes(level: Int, map: Pair, input: Pair) -> [Box] {
        let cells = cells(level: level)
        let step = step(level: level, map: map, input: input)
        var boxes: [Box] = []
        boxes.reserveCapacity(map.height * map.width * cells.count)
        for row in 0..<map.height {
            let y = Double(row * step.height)
            for column in 0..<map.width {
                let x = Double(column * step.width)
                for cell in cells {
                    boxes.append(
                        Box(left: cell.left + x, top: cell.top + y, right: cell.right + x, bottom: cell.bottom + y))
                }
            }
        }
        return boxes
    }

    /// The boxes of all maps, level by level.
    /// - Parameters:
    ///   - maps: heights and widths from fine to coarse.
    ///   - input: height and width of the padded input.
    public func boxes(maps: [Pair], input: Pair) -> [Box] {
        require(maps.count == levels, "AnchorRule", "\(maps.count) maps do not fit anchors of \(levels) levels")
        return maps.indices.flatMap { boxes(level: $0, map: maps[$0], input: input) }
    }
}

extension Box {
    /// The box between whole pixels; halves go to the even side.
    var roundedToEven: Box {
        Box(
            left: left.rounded(.toNearestOrEven), top: top.rounded(.toNearestOrEven),
            right: right.rounded(.toNearestOrEven), bottom: bottom.rounded(.toNearestOrEven))
    }
}
