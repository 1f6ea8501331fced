// A transposed convolution is what an ordinary one does to gradients, so its maps change places with those. The loops are
// those of `ConvolutionPhases.swift`, or of tiles.

extension Tensor {
    /// x [N, H, W, in], weight [in, kh, kw, out / groups], bias [out] -> `output`, [N, H', W', out].
    package func transposedConvolution(
        _ weight: Tensor, _ bias: Tensor?, _ window: Window, output: Shape, groups: Int
    ) -> Tensor {
        asVolumes.volumeTransposedConvolution(
            weight.asVolumes, bias, VolumeWindow(window), output: [output[0], 1, output[1], output[2], output[3]],
            groups: groups
        ).reshaped(output)
    }

    /// For self = g: the gradient of x, whose shape is `input`.
    package func transposedConvolutionInputGradient(
        _ weight: Tensor, _ window: Window, input: Shape, groups: Int
    ) -> Tensor {
        asVolumes.volumeTransposedConvolutionInputGradient(
            weight.asVolumes, VolumeWindow(window), input: [input[0], 1, input[1], input[2], input[3]], groups: groups
        ).reshaped(input)
    }

    /// For self = g: the gradient of the weight, whose shape is given.
    package func transposedConvolutionWeightGradient(
        _ x: Tensor, _ window: Window, weight: Shape, groups: Int
    ) -> Tensor {
        asVolumes.volumeTransposedConvolutionWeightGradient(
            x.asVolumes, VolumeWindow(window), weight: [weight[0], 1, weight[1], weight[2], weight[3]], groups: groups
        ).reshaped(weight)
    }

    /// x [N, D, H, W, in], weight [in, kd, kh, kw, out / groups], bias [out] -> `output`, [N, D', H', W', out].
    package func volumeTransposedConvolution(
        _ weight: Tensor, _ bias: Tensor?, _ window: VolumeWindow, output: Shape, groups: Int
    ) -> Tensor {
        let enlarged = zip(shape.dimensions[1...3], window.kernel.numbers).map { $0 * $1 }
        if window.isDisjoint, groups == 1, Array(output.dimensions[1...3]) == enlarged {
            return disjointTransposedConvolution(weight, bias, window.kernel, output: output)
        }
        guard window.plane == Window(kernel: 3, padding: 1) else {
            return stridedInputGradient(weight, bias, window, input: output, groups: groups)
                ?? convolutionByPhases(weight, bias, window, input: output, groups: groups)
        }
        let size = window.outputSize(Triple(output[1], output[2], output[3]))
        let y = resized(size).volumeConvolutionInputGradient(weight, window, input: output, groups: groups)
        guard let bias else { return y }
        let out = output[4]
        // Nobody else has seen y yet.
        bias.read { bias in
            parallelFor(output.rows, grain: max(1, elementGrain / out)) { rows in
                S.addRow(bias, y.storage.pointer + rows.lowerBound * out, rows.count, out)
            }
        }
        return y
    }

    /// For self = g: the gradient of x, whose shape is `input`.
    package func volumeTransposedConvolutionInputGradient(
        _ weight: Tensor, _ window: VolumeWindow, input: Shape, groups: Int
    ) -> Tensor {
        (stridedConvolution(weight, nil, window, groups: groups)
            ?? volumeConvolution(weight, nil, window, groups: groups))
            .resized(Triple(input[1], input[2], input[3]))
    }

    /// For self = g: the gradient of the weight, whose shape is given.
    package func volumeTransposedConvolutionWeightGradient(
        _ x: Tensor, _ window: VolumeWindow, weight: Shape, groups: Int
    ) -> Tensor {
        let x = x.resized(window.outputSize(Triple(shape[1], shape[2], shape[3])))
        return x.stridedWeightGradient(self, window, weight: weight, groups: groups)
            ?? x.volumeConvolutionWeightGradient(self, window, weight: weight, groups: groups)
    }

    /// Every element becomes a block of its own: the products of a row of them with a row of the kernel are a row of the
    /// blocks, side by side, and are stored where they belong.
    private func disjointTransposedConvolution(
        _ weight: Tensor, _ bias: Tensor?, _ kernel: Triple, output: Shape
    ) -> Tensor {
        let (height, width, inner, row) = (shape[2], shape[3], shape[4], kernel.width * output[4])
        let lines = kernel.depth * kernel.height
        let operands = (0..<lines).map { i in
            ProductOperand(
                weight.start + i * row, stride: lines * row, transposed: false, inner: inner, columns: row)
        }
        let biases = bias.map { bias in
            Tensor([row]) { repeated in
                bias.read {
                    for j in 0..<kernel.width { (repeated + j * output[4]).update(from: $0, count: output[4]) }
                }
            }
        }
        defer { withExtendedLifetime((weight, biases)) {} }
        let work = width * inner * row * lines
        return Tensor(output) { y in
            read { x in
                parallelFor(shape[0] * shape[1] * height, grain: max(1, 4_000_000 / max(1, work))) { range in
                    for line in range {
                        for (i, operand) in operands.enumerated() {
                            let slice = line / height * kernel.depth + i / kernel.height
                            let to = (slice * height + line % height) * kernel.height + i % kernel.height
                            operand.product(
                                width, x + line * width * inner, bias: biases?.start, into: y + to * width * row)
                        }
                    }
                }
            }
        }
    }

    /// The volume cut off, or with zeros behind it, until it has that size. An output padding that is no smaller than the
    /// stride makes a volume to which more windows fit than the input has elements.
    private func resized(_ size: Triple) -> Tensor {
        let (depth, height, width, channels) = (shape[1], shape[2], shape[3], shape[4])
        if size == Triple(depth, height, width) { return self }
        let output: Shape = [shape[0], size.depth, size.height, size.width, channels]
        let (rows, columns) = (min(height, size.height), min(width, size.width) * channels)
        return Tensor(output) { y in
            if size.depth > depth || size.height > height || size.width > width { clear(y, output.elementCount) }
            read { x in
                for volume in 0..<shape[0] {
                    for slice in 0..<min(depth, size.depth) {
                        S.copyColumns(
                            x + (volume * depth + slice) * height * width * channels, width * channels,
                            y + (volume * size.depth + slice) * size.height * size.width * channels,
                            size.width * channels, rows, columns)
                    }
                }
            }
        }
    }
}
