import Autograd
import Tensors

extension Variable {
    /// [N, H, W, C] -> [N, h, w, C] with every output the mean of the rows floor(i H / h) ..< ceil((i + 1) H / h) and
    /// columns alike, as PyTorch's adaptive average pooling. Gradient: g spread evenly over what was averaged.
    func averagePooled(to size: Pair) -> Variable {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        if height == size.height && width == size.width { return self }
        if height % size.height == 0 && width % size.width == 0 {
            let ratio = Pair(height / size.height, width / size.width)
            let weight = Tensor<S>(
                [channels, ratio.height, ratio.width, 1], repeating: 1 / S(ratio.height * ratio.width))
            return convolution(Variable(weight), nil, stride: ratio, groups: channels)
        }
        // One axis after the other, each as a product with a matrix of shares.
        return transposed([0, 2, 3, 1]).linear(Variable(averagingMatrix(height, size.height)))
            .transposed([0, 3, 2, 1]).linear(Variable(averagingMatrix(width, size.width))).transposed([0, 1, 3, 2])
    }
}

private func averagingMatrix<S: Scalar>(_ input: Int, _ output: Int) -> Tensor<S> {
    var values = [S](repeating: 0, count: output * input)
    for i in 0..<output {
        let range = i * input / output..<((i + 1) * input + output - 1) / output
        for j in range { values[i * input + j] = 1 / S(range.count) }
    }
    return Tensor([output, input], values)
}

/// A map at another size, as adapters resize it: averaged where it is larger, bilinear where it is smaller.
func resized<S: Scalar>(_ x: Tensor<S>, to size: Pair) -> Tensor<S> {
    if x.shape[1] == size.height && x.shape[2] == size.width { return x }
    if x.shape[1] >= size.height && x.shape[2] >= size.width { return Variable(x).averagePooled(to: size).value }
    return x.resized(height: size.height, width: size.width, .bilinear(alignCorners: false))
}
