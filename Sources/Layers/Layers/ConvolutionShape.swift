import Tensors

/// What a convolution does, whatever its kernel is made of.
public struct ConvolutionShape: Sendable, Hashable {
    /// Channels of the map.
    public var inputs: Int
    /// Channels of the result.
    public var outputs: Int
    /// In pixels.
    public var kernel: Pair
    /// Pixels from one position to the next.
    public var stride: Pair
    /// Zeros on each side.
    public var padding: Pair
    /// Pixels from one tap to the next.
    public var dilation: Pair
    /// Groups of channels that do not see each other; they divide both numbers of channels.
    public var groups: Int

    /// A convolution of `inputs` to `outputs` channels; sizes are pixels, a number or a `Pair`.
    public init(
        inputs: Int, outputs: Int, kernel: Pair, stride: Pair = 1, padding: Pair = 0, dilation: Pair = 1,
        groups: Int = 1
    ) {
        (self.inputs, self.outputs, self.kernel, self.stride) = (inputs, outputs, kernel, stride)
        (self.padding, self.dilation, self.groups) = (padding, dilation, groups)
    }

    /// [outputs, kernel height, kernel width, inputs / groups].
    package var weight: Shape { [outputs, kernel.height, kernel.width, inputs / max(1, groups)] }

    /// Taps of the kernel.
    var taps: Int { Int.product(kernel.height, kernel.width) }

    /// Each channel by itself.
    package var isDepthwise: Bool { groups == inputs && groups == outputs }

    /// "3x3 / 2, 64 -> 128".
    var words: String {
        let spread = dilation == 1 ? "" : ", dilation \(dilation.height)"
        let parts = groups == 1 ? "" : ", \(groups) groups"
        return "\(kernel.height)x\(kernel.width) / \(stride.height)\(spread), \(inputs) -> \(outputs)\(parts)"
    }

    /// The shape of the result for one image and the multiply-adds of the convolution itself.
    /// - Throws: `ModelError` when groups do not divide the channels or the kernel does not fit into the map.
    func result(_ input: Shape, path: String) throws -> (output: Shape, multiplyAdds: Int) {
        guard groups >= 1, inputs % groups == 0, outputs % groups == 0 else {
            throw ModelError("\(path): \(inputs) and \(outputs) channels cannot be cut into \(groups) groups")
        }
        let size = Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
            .outputSize(Pair(input[1], input[2]))
        guard size.height > 0, size.width > 0 else {
            throw ModelError(
                "\(path): a map of \(input[1])x\(input[2]) is smaller than the \(kernel.height)x\(kernel.width) "
                    + "kernel, so nothing would be left; use larger images or a smaller stem stride")
        }
        let output: Shape = [input[0], size.height, size.width, outputs]
        return (output, Int.product(output.dimensions + [taps, inputs / groups]))
    }
}
