import Layers

/// How an image of any size is brought to a model's input within its graph, as the trainer does it when it evaluates.
public struct ImagePreparation: Sendable, Equatable {
    /// How a resize weighs the pixels around a point, as Pillow's filters of these names do.
    public enum Filter: String, Sendable {
        /// A triangle.
        case bilinear
        /// Keys' cubic with a = -1/2.
        case bicubic
    }

    /// What is done to the pixels, as bytes.
    public enum Step: Sendable, Equatable {
        /// To a size.
        case resize(height: Int, width: Int, Filter)
        /// The shorter side to so many pixels, the ratio kept.
        case shorterSide(Int, Filter)
        /// Until the size is covered, the middle of it.
        case cover(height: Int, width: Int, Filter)
        /// Until it is contained in the size, in the middle of a color.
        case contain(height: Int, width: Int, Filter, fill: [UInt8])
        /// The middle, black beyond the edges.
        case middle(height: Int, width: Int)
    }

    /// In their order; the last one leaves the model's input size.
    public let steps: [Step]
    /// Of values in 0...1, for each channel.
    public let mean: [Float]
    /// Of values in 0...1, for each channel.
    public let deviation: [Float]

    /// - Parameters:
    ///   - steps: in their order; the last one leaves the model's input size.
    ///   - mean: of values in 0...1, for each channel.
    ///   - deviation: of values in 0...1, for each channel.
    public init(steps: [Step], mean: [Float], deviation: [Float]) {
        (self.steps, self.mean, self.deviation) = (steps, mean, deviation)
    }
}

/// Images on their way to the input, [N, C, H, W] in double precision, whole numbers from 0 to 255.
private struct Picture {
    var name: String
    /// Values [1] of double precision.
    var height: String
    var width: String
}

extension GraphBuilder {
    /// The images of the input `image` as normalised floats under the name of the model's own input.
    mutating func prepared(_ preparation: ImagePreparation, from image: String, height: Int, width: Int) -> FeatureMap {
        let channels = preparation.mean.count
        let prefix = "preparation"
        let bytes = node("Cast", prefix + ".numbers", [image], ["to": .integer(ElementType.double)])
        let pixels = transposed(prefix + ".pixels", bytes, [0, 3, 1, 2])
        var picture = Picture(
            name: pixels, height: extent(prefix + ".height", image, axis: 1),
            width: extent(prefix + ".width", image, axis: 2))
        for (number, step) in preparation.steps.enumerated() {
            picture = apply(step, picture, channels: channels, "\(prefix).\(number)")
        }
        let floats = node("Cast", prefix + ".floats", [picture.name], ["to": .integer(ElementType.float)])
        let fixed = node("Reshape", prefix + ".input", [floats, sizes([0, channels, height, width])])
        let shares = node("Div", prefix + ".shares", [fixed, number(255)])
        let mean = constant(prefix + ".mean", [channels, 1, 1], preparation.mean)
        let deviation = constant(prefix + ".deviation", [channels, 1, 1], preparation.deviation)
        let centered = node("Sub", prefix + ".centered", [shares, mean])
        return FeatureMap(
            name: node("Div", ONNXModel.inputName, [centered, deviation]), height: height, width: width,
            channels: channels, isChannelsFirst: true)
    }

    // MARK: Numbers in double precision

    private mutating func double(_ value: Double) -> String {
        constant("double \(value)", [1], of: .doubles([value]))
    }

    private mutating func integers(_ name: String, _ x: String) -> String {
        node("Cast", name, [x], ["to": .integer(ElementType.integer)])
    }

    private mutating func extent(_ name: String, _ image: String, axis: Int) -> String {
        let size = node("Shape", name + ".whole", [image], ["start": .integer(axis), "end": .integer(axis + 1)])
        return node("Cast", name, [size], ["to": .integer(ElementType.double)])
    }

    /// Halves go up.
    private mutating func rounded(_ name: String, _ x: String) -> String {
        node("Floor", name, [node("Add", name + ".raised", [x, double(0.5)])])
    }

    // MARK: Steps

    private mutating func apply(
        _ step: ImagePreparation.Step, _ picture: Picture, channels: Int, _ name: String
    ) -> Picture {
        switch step {
        case .resize(let height, let width, let filter):
            return resized(picture, height: double(Double(height)), width: double(Double(width)), filter, name)
        case .shorterSide(let side, let filter):
            let shorter = node("Min", name + ".shorter", [picture.height, picture.width])
            let sides = [picture.height, picture.width].enumerated().map { index, extent in
                let product = node("Mul", "\(name).product\(index)", [extent, double(Double(side))])
                let quotient = node(
                    "Floor", "\(name).side\(index)", [node("Div", "\(name).ratio\(index)", [product, shorter])])
                return node("Max", "\(name).extent\(index)", [quotient, double(1)])
            }
            return resized(picture, height: sides[0], width: sides[1], filter, name)
        case .cover(let height, let width, let filter):
            let sides = proportional(picture, height: height, width: width, by: "Max", at: "Max", name)
            return middle(resized(picture, height: sides.height, width: sides.width, filter, name), height, width, name)
        case .contain(let height, let width, let filter, let fill):
            let sides = proportional(picture, height: height, width: width, by: "Min", at: "Min", name)
            let small = resized(picture, height: sides.height, width: sides.width, filter, name)
            return surrounded(small, height, width, fill, channels: channels, name)
        case .middle(let height, let width): return middle(picture, height, width, name)
        }
    }

    /// Both sides times the larger or the smaller of both ratios, and not beyond the size on its other side.
    private mutating func proportional(
        _ picture: Picture, height: Int, width: Int, by choice: String, at limit: String, _ name: String
    ) -> (height: String, width: String) {
        let (tall, wide) = (double(Double(height)), double(Double(width)))
        let ratios = [
            node("Div", name + ".ratio.width", [wide, picture.width]),
            node("Div", name + ".ratio.height", [tall, picture.height]),
        ]
        let factor = node(choice, name + ".factor", ratios)
        let sides = [(picture.height, tall), (picture.width, wide)].enumerated().map { index, side in
            let product = node("Mul", "\(name).product\(index)", [side.0, factor])
            let limited = node(limit, "\(name).limited\(index)", [rounded("\(name).rounded\(index)", product), side.1])
            return node("Max", "\(name).extent\(index)", [limited, double(1)])
        }
        return (sides[0], sides[1])
    }

    /// Columns first, then rows; each pass ends in whole numbers.
    private mutating func resized(
        _ picture: Picture, height: String, width: String, _ filter: ImagePreparation.Filter, _ name: String
    ) -> Picture {
        let across = weights(from: picture.width, to: width, filter, name + ".across")
        let turned = transposed(name + ".across.turned", across, [1, 0])
        let wide = bytes(name + ".wide", node("MatMul", name + ".wide.sums", [picture.name, turned]))
        let down = weights(from: picture.height, to: height, filter, name + ".down")
        let all = bytes(name + ".resized", node("MatMul", name + ".resized.sums", [down, wide]))
        return Picture(name: all, height: height, width: width)
    }

    private mutating func bytes(_ name: String, _ x: String) -> String {
        let (low, high) = (constant("double 0", [], of: .doubles([0])), constant("double 255", [], of: .doubles([255])))
        return node("Clip", name, [rounded(name + ".rounded", x), low, high])
    }

    /// The weights [to, from] of one pass: those of the filter around each point, wider where pixels are merged, in fixed
    /// point of 22 bits.
    private mutating func weights(
        from extent: String, to target: String, _ filter: ImagePreparation.Filter, _ name: String
    ) -> String {
        let scale = node("Div", name + ".scale", [extent, target])
        let stretch = node("Max", name + ".stretch", [scale, double(1)])
        let points = node("Mul", name + ".points", [places(name + ".targets", target), scale])
        let column = node("Unsqueeze", name + ".column", [points, sizes([1])])
        let distance = node(
            "Abs", name + ".distance",
            [
                node(
                    "Div", name + ".stretched",
                    [node("Sub", name + ".offset", [places(name + ".sources", extent), column]), stretch])
            ])
        let raw = filter == .bilinear ? triangle(distance, name) : cubic(distance, name)
        let sums = node("ReduceSum", name + ".sums", [raw, sizes([1])], ["keepdims": .integer(1)])
        let shares = node("Div", name + ".shares", [raw, sums])
        let unit = double(Double(1 << 22))
        let scaled = node("Mul", name + ".scaled", [shares, unit])
        // Halves go away from 0, of negative weights too.
        let size = rounded(name + ".size", node("Abs", name + ".absolute", [scaled]))
        let whole = node("Mul", name + ".whole", [node("Sign", name + ".sign", [scaled]), size])
        return node("Div", name + ".weights", [whole, unit])
    }

    /// The middles of so many pixels.
    private mutating func places(_ name: String, _ count: String) -> String {
        let end = node("Squeeze", name + ".count", [count])
        let (start, step) = (
            constant("double scalar 0", [], of: .doubles([0])), constant("double scalar 1", [], of: .doubles([1]))
        )
        return node("Add", name, [node("Range", name + ".first", [start, end, step]), double(0.5)])
    }

    private mutating func triangle(_ distance: String, _ name: String) -> String {
        node("Max", name + ".raw", [node("Sub", name + ".fall", [double(1), distance]), double(0)])
    }

    /// (1.5 d - 2.5) d^2 + 1 below 1, ((-0.5 d + 2.5) d - 4) d + 2 below 2.
    private mutating func cubic(_ d: String, _ name: String) -> String {
        func product(_ part: String, _ a: String, _ b: String) -> String { node("Mul", "\(name).\(part)", [a, b]) }
        func sum(_ part: String, _ a: String, _ b: Double) -> String { node("Add", "\(name).\(part)", [a, double(b)]) }
        let square = product("square", d, d)
        let near = sum("near", product("near.2", sum("near.1", product("near.0", d, double(1.5)), -2.5), square), 1)
        let slope = sum("far.1", product("far.0", d, double(-0.5)), 2.5)
        let far = sum("far", product("far.4", sum("far.3", product("far.2", slope, d), -4), d), 2)
        let isNear = node("Less", name + ".isNear", [d, double(1)])
        let isFar = node("Less", name + ".isFar", [d, double(2)])
        let outer = node("Where", name + ".outer", [isFar, far, double(0)])
        return node("Where", name + ".raw", [isNear, near, outer])
    }

    /// The middle of a size, halves rounded to even, black beyond the edges.
    private mutating func middle(_ picture: Picture, _ height: Int, _ width: Int, _ name: String) -> Picture {
        let (tall, wide) = (double(Double(height)), double(Double(width)))
        var starts: [String] = []
        var before: [String] = []
        for (index, side) in [(picture.height, tall), (picture.width, wide)].enumerated() {
            let room = node("Sub", "\(name).room\(index)", [side.0, side.1])
            let half = node(
                "Round", "\(name).start\(index)", [node("Mul", "\(name).half\(index)", [room, double(0.5)])])
            // A small picture gets a black rim first, of as much on both sides as either needs.
            let missing = node(
                "Max", "\(name).missing\(index)", [node("Neg", "\(name).negative\(index)", [room]), double(0)])
            before.append(missing)
            starts.append(node("Add", "\(name).first\(index)", [half, missing]))
        }
        let none = double(0)
        let pads = concatenated(
            name + ".rim", [none, none, before[0], before[1], none, none, before[0], before[1]], axis: 0)
        let rimmed = node(
            "Pad", name + ".rimmed",
            [picture.name, integers(name + ".pads", pads), constant("double scalar 0", [], of: .doubles([0]))])
        let first = integers(name + ".from", concatenated(name + ".corner", starts, axis: 0))
        let last = node("Add", name + ".to", [first, sizes([height, width])])
        return Picture(
            name: node("Slice", name + ".middle", [rimmed, first, last, sizes([2, 3])]), height: tall, width: wide)
    }

    /// In the middle of a color: half of what is missing, rounded down, above and on the left.
    private mutating func surrounded(
        _ picture: Picture, _ height: Int, _ width: Int, _ fill: [UInt8], channels: Int, _ name: String
    ) -> Picture {
        let (tall, wide) = (double(Double(height)), double(Double(width)))
        var before: [String] = []
        var after: [String] = []
        for (index, side) in [(picture.height, tall), (picture.width, wide)].enumerated() {
            let room = node("Sub", "\(name).room\(index)", [side.1, side.0])
            let half = node(
                "Floor", "\(name).before\(index)", [node("Mul", "\(name).half\(index)", [room, double(0.5)])])
            before.append(half)
            after.append(node("Sub", "\(name).after\(index)", [room, half]))
        }
        let none = double(0)
        let pads = integers(
            name + ".pads",
            concatenated(name + ".rim", [none, none] + before + [none, none] + after, axis: 0))
        let color = constant(
            name + ".color", [channels, 1, 1],
            of: .doubles((0..<channels).map { Double(fill[$0 < fill.count ? $0 : 0]) }))
        let shifted = node("Sub", name + ".shifted", [picture.name, color])
        let padded = node(
            "Pad", name + ".padded", [shifted, pads, constant("double scalar 0", [], of: .doubles([0]))])
        return Picture(name: node("Add", name + ".surrounded", [padded, color]), height: tall, width: wide)
    }
}
