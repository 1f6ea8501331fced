import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// irfft2(k) by the definition of the transform, with 1 / (H W): the rows first, with full complex numbers, then the real
/// part over columns. k [H, W / 2 + 1, C, 2] -> [H, W, C].
func spatialKernel(_ k: Tensor<Double>, width: Int) -> Tensor<Double> {
    let (height, columns, channels) = (k.shape[0], k.shape[1], k.shape[2])
    let values = k.array
    var result = [Double](repeating: 0, count: height * width * channels)
    for c in 0..<channels {
        // rows[u][column] after the inverse transform over rows
        var rows = [(re: Double, im: Double)](repeating: (0, 0), count: height * columns)
        for u in 0..<height {
            for column in 0..<columns {
                for r in 0..<height {
                    let angle = 2 * Double.pi * Double(r * u) / Double(height)
                    let index = 2 * ((r * columns + column) * channels + c)
                    let (re, im) = (values[index], values[index + 1])
                    rows[u * columns + column].re += re * cos(angle) - im * sin(angle)
                    rows[u * columns + column].im += re * sin(angle) + im * cos(angle)
                }
            }
        }
        for u in 0..<height {
            for v in 0..<width {
                var sum = 0.0
                for column in 0..<columns {
                    let angle = 2 * Double.pi * Double(column * v) / Double(width)
                    let (re, im) = rows[u * columns + column]
                    let isSelfPaired = column == 0 || 2 * column == width
                    sum += isSelfPaired ? re * cos(angle) : 2 * (re * cos(angle) - im * sin(angle))
                }
                result[(u * width + v) * channels + c] = sum / Double(height * width)
            }
        }
    }
    return Tensor([height, width, channels], result)
}

/// y[u, v] = the sum over a, b of kernel[a, b] x[(u - a) mod H, (v - b) mod W], per image and channel: x [N, H, W, C],
/// kernel [H, W, C].
func circularConvolution(_ x: Tensor<Double>, kernel: Tensor<Double>) -> Tensor<Double> {
    let (images, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (values, weights) = (x.array, kernel.array)
    var result = [Double](repeating: 0, count: values.count)
    for image in 0..<images {
        for u in 0..<height {
            for v in 0..<width {
                for a in 0..<height {
                    for b in 0..<width {
                        let from = ((image * height + (u - a + height) % height) * width + (v - b + width) % width)
                        let to = (image * height + u) * width + v
                        for c in 0..<channels {
                            result[to * channels + c] +=
                                weights[(a * width + b) * channels + c] * values[from * channels + c]
                        }
                    }
                }
            }
        }
    }
    return Tensor(x.shape, result)
}
