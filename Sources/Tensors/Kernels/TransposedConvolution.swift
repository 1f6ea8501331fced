// The loops are those of `Convolution.swift`: a transposed convolution is what an ordinary one does to gradients, so its
// maps change places with those.

extension Tensor {
    /// x [N, H, W, in], weight [in, kh, kw, out / groups], bias [out] -> `output`, [N, H', W', out].
    package func transposedConvolution(
        _ weight: Tensor, _ bias: Tensor?, _ window: Window, output: Shape, groups: Int
    ) -> Tensor {
        if window.isDisjoint, groups == 1, output[1] == shape[1] * window.kernel.height,
            output[2] == shape[2] * window.kernel.width
        {
            return disjointTransposedConvolution(weight, bias, window.kernel, output: output)
        }
        let y = withZerosAfter(window.outputSize(Pair(output[1], output[2])))
            .convolutionInputGradient(weight, window, input: output, groups: groups)
        guard let bias else { return y }
        let out = output[3]
        // Nobody else has seen y yet.
        bias.read { bias in
            parallelFor(output.rows, grain: max(1, elementGrain / out)) { rows in
                S.addRow(bias, y.storage.pointer + rows.lowerBound * out, rows.count, out)
            }
        }
        return y
    }

    /// For self = g: the gradient of x, whose shape is `input`.
    package func transposedConvolutionInputGradient(
        _ weight: Tensor, _ window: Window, input: Shape, groups: Int
    ) -> Tensor { convolution(weight, nil, window, groups: groups).cropped(Pair(input[1], input[2])) }

    /// For self = g: the gradient of the weight, whose shape is given.
    package func transposedConvolutionWeightGradient(
        _ x: Tensor, _ window: Window, weight: Shape, groups: Int
    ) -> Tensor {
        x.withZerosAfter(window.outputSize(Pair(shape[1], shape[2])))
            .convolutionWeightGradient(self, window, weight: weight, groups: groups)
    }

    /// Every pixel becomes a block of its own: the products of a row of pixels with row i of the kernel are row i of the
    /// blocks, side by side, and are stored where they belong.
    private func disjointTransposedConvolution(
        _ weight: Tensor, _ bias: Tensor?, _ kernel: Pair, output: Shape
    ) -> Tensor {
        let (width, inner, row) = (shape[2], shape[3], kernel.width * output[3])
        let operands = (0..<kernel.height).map { i in
            ProductOperand(
                weight.start + i * row, stride: kernel.height * row, transposed: false, inner: inner, columns: row)
        }
        let biases = bias.map { bias in
            Tensor([row]) { repeated in
                bias.read {
                    for j in 0..<kernel.width { (repeated + j * output[3]).update(from: $0, count: output[3]) }
                }
            }
        }
        defer { withExtendedLifetime((weight, biases)) {} }
        let work = width * inner * row * kernel.height
        return Tensor(output) { y in
            read { x in
                parallelFor(shape[0] * shape[1], grain: max(1, 4_000_000 / max(1, work))) { rows in
                    for line in rows {
                        for (i, operand) in operands.enumerated() {
                            operand.product(
                                width, x + line * width * inner, bias: biases?.start,
                                into: y + (line * kernel.height + i) * width * row)
                        }
                    }
                }
            }
        }
    }

    /// The map with rows below and columns to the right of zeros until it has that size. An output padding that is no
    /// smaller than the stride makes a map to which more windows fit than the input has pixels.
    private func withZerosAfter(_ size: Pair) -> Tensor {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        if size == Pair(height, width) { return self }
        return Tensor([shape[0], size.height, size.width, channels]) { y in
            clear(y, shape[0] * size.height * size.width * channels)
            read { x in
                for image in 0..<shape[0] {
                    S.copyColumns(
                        x + image * height * width * channels, width * channels,
                        y + image * size.height * size.width * channels, size.width * channels, height,
                        width * channels)
                }
            }
        }
    }

    /// The upper left part of the map.
    private func cropped(_ size: Pair) -> Tensor {
        let (height, width, channels) = (shape[1], shape[2], shape[3])
        if size == Pair(height, width) { return self }
        return Tensor([shape[0], size.height, size.width, channels]) { y in
            read { x in
                for image in 0..<shape[0] {
                    S.copyColumns(
                        x + image * height * width * channels, width * channels,
                        y + image * size.height * size.width * channels, size.width * channels, size.height,
                        size.width * channels)
                }
            }
        }
    }
}
