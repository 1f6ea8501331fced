import Autograd
import Tensors

extension ParityCheck {
    /// Static convolutions, what pools and moves pixels and channels, and norms: results and gradients of given incoming
    /// ones.
    /// - Returns: whether the operation is one of them.
    static func convolutionCase(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws -> Bool {
        guard one.has("in.x"), one.has("cotangent.0") else { return false }
        let (x, tape) = try one.leaf("in.x")
        let output: Variable<S>
        var leaves = [("x", x)]
        switch one.operation {
        case "conv3d", "conv_transpose2d", "conv_transpose3d":
            let w = tape.leaf(try one.channelsLast("in.w"))
            let bias = one.has("in.b") ? tape.leaf(try one.tensor("in.b")) : nil
            leaves += [("w", w)] + (bias.map { [("b", $0)] } ?? [])
            output = try convolved(one, x, w, bias)
        case "adaptive_avg_pool2d": output = x.averagePooled(to: try one.pair("output_size"))
        case "avg_pool2d":
            output = x.averagePooled(
                kernel: try one.pair("kernel"), stride: try one.pair("stride"), padding: try one.pair("padding"),
                countsPadding: try one.flag("count_include_pad"))
        case "max_pool2d":
            let (kernel, stride, padding) = (try one.pair("kernel"), try one.pair("stride"), try one.pair("padding"))
            output = x.maxPooled(kernel: kernel.height, stride: stride.height, padding: padding.height)
        case "channel_shuffle": output = x.channelsShuffled(groups: try one.integer("groups"))
        case "pixel_unshuffle": output = x.spaceToDepth(try one.integer("factor"), .channelMajor)
        case "pixel_shuffle": output = x.depthToSpace(try one.integer("factor"), .channelMajor)
        case "softshrink": output = x.softShrunk(try one.number("lambd"))
        case "interpolate":
            let size = try one.pair("size")
            let alignsCorners: Bool? = try one.text("mode") == "nearest" ? nil : one.flag("align_corners")
            output = x.resized(
                height: size.height, width: size.width,
                alignsCorners.map { ResizeMode.bilinear(alignCorners: $0) } ?? .nearest)
        case "group_norm":
            let (scale, shift) = (tape.leaf(try one.tensor("in.w")), tape.leaf(try one.tensor("in.b")))
            leaves += [("w", scale), ("b", shift)]
            output = x.groupNorm(
                groups: try one.integer("groups"), scale: scale, shift: shift, epsilon: try one.number("eps"))
        default: return false
        }
        ours.add(one.name + ".out.0", channelsLast: output.value)
        tape.backward(from: output, cotangent: try one.channelsLast("cotangent.0"))
        for (name, leaf) in leaves {
            if let gradient = tape.gradient(of: leaf) { ours.add("\(one.name).grad.\(name)", channelsLast: gradient) }
        }
        return true
    }

    private static func convolved(
        _ one: ParityCase<S>, _ x: Variable<S>, _ w: Variable<S>, _ bias: Variable<S>?
    ) throws -> Variable<S> {
        let groups = try one.integer("groups")
        switch one.operation {
        case "conv3d":
            return x.volumeConvolution(
                w, bias, stride: try one.triple("stride"), padding: try one.triple("padding"),
                dilation: try one.triple("dilation"), groups: groups)
        case "conv_transpose2d":
            return x.transposedConvolution(
                w, bias, stride: try one.pair("stride"), padding: try one.pair("padding"),
                outputPadding: try one.pair("output_padding"), dilation: try one.pair("dilation"), groups: groups)
        default:
            return x.volumeTransposedConvolution(
                w, bias, stride: try one.triple("stride"), padding: try one.triple("padding"),
                outputPadding: try one.triple("output_padding"), dilation: try one.triple("dilation"), groups: groups)
        }
    }
}

extension ParityCase {
    /// An operand of a tape of its own.
    fileprivate func leaf(_ part: String) throws -> (Variable<S>, Tape<S>) {
        let tape = Tape<S>()
        return (tape.leaf(try channelsLast(part)), tape)
    }

    /// An operand whose second axis is that of channels, if it has more than two, with them last.
    fileprivate func channelsLast(_ part: String) throws -> Tensor<S> {
        let stored = try tensor(part)
        guard stored.shape.rank > 2 else { return stored }
        return stored.transposed([0] + (2..<stored.shape.rank) + [1])
    }

    fileprivate func triple(_ key: String) throws -> Triple {
        let values = try fixture.integers(description, key)
        guard values.count == 3 else { throw fail("\(key) is not [slices, vertical, horizontal]") }
        return Triple(values[0], values[1], values[2])
    }
}

extension ParityValues {
    /// Maps, volumes or weights with channels last where there are more than two axes.
    fileprivate mutating func add(_ name: String, channelsLast value: Tensor<S>) {
        let rank = value.shape.rank
        let turned = rank > 2 ? value.transposed([0, rank - 1] + Array(1..<rank - 1)) : value
        add(name, shape: turned.shape.dimensions, turned.array)
    }
}
