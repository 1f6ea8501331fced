import CKernels

/// Channels that one task works on: their cache lines of a pixel are read together.
private let depthwiseChannels = 128

/// Rows of a map per task, about `elements` elements; whole images as soon as one fits.
private func depthwiseRows(height: Int, width: Int, channels: Int, elements: Int) -> Int {
    let rows = elements / max(1, width * min(channels, depthwiseChannels))
    return rows < height ? max(1, rows) : rows / height * height
}

/// Calls `body` with each block of rows and group of channels, in parallel.
private func eachTask(
    rows: Int, grain: Int, channels: Int, _ body: (_ rows: Range<Int>, _ channels: Range<Int>) -> Void
) {
    let groups = (channels + depthwiseChannels - 1) / depthwiseChannels
    let blocks = (rows + grain - 1) / grain
    ThreadPool.current.run(chunks: blocks * groups) { task in
        let (block, group) = (task / groups, task % groups)
        body(
            block * grain..<min(rows, (block + 1) * grain),
            group * depthwiseChannels..<min(channels, (group + 1) * depthwiseChannels))
    }
}

/// Weights [taps, channels] by blocks of 16 channels, the taps in reverse if asked for.
private func packed<S>(_ weight: Tensor<S>, turned: Bool) -> Storage<S> {
    let channels = weight.shape.columns
    let (taps, blocks) = (weight.shape.rows, (channels + 15) / 16)
    let result = Storage<S>(count: blocks * taps * 16)
    weight.read { w in
        for block in 0..<blocks {
            let used = min(16, channels - block * 16)
            for tap in 0..<taps {
                let target = result.pointer + (block * taps + tap) * 16
                target.update(from: w + (turned ? taps - 1 - tap : tap) * channels + block * 16, count: used)
                clear(target + used, 16 - used)
            }
        }
    }
    return result
}

extension Tensor {
    /// Depthwise convolution: x [N, H, W, C], weight [kh, kw, C], bias [C] -> [N, H', W', C].
    package func depthwiseConvolution(_ weight: Tensor, _ bias: Tensor?, _ window: Window) -> Tensor {
        convolvedByChannel(weight, bias, window.geometry(on: shape), turned: false)
    }

    private func convolvedByChannel(_ weight: Tensor, _ bias: Tensor?, _ geometry: hb_window, turned: Bool) -> Tensor {
        let channels = shape[3]
        let filter =
            turned
            ? packed(weight, turned: true)
            : PackedWeights.packed(
                .init(.channels, weight.start, stride: channels, rows: weight.shape.rows, columns: channels)
            ) { packed(weight, turned: false) }
        let most = depthwiseRows(
            height: geometry.out_height, width: geometry.out_width, channels: channels, elements: 1 << 16)
        let rows = most < geometry.out_height ? sharedBlockRows(shape[0] * geometry.out_height, most: most) : most
        return Tensor([shape[0], geometry.out_height, geometry.out_width, channels]) { y in
            withElements(self, bias ?? self) { x, b in
                eachTask(rows: shape[0] * geometry.out_height, grain: rows, channels: channels) {
                    S.depthwise(x, filter.pointer, bias == nil ? nil : b, y, geometry, rows: $0, channels: $1)
                }
            }
        }
    }

    /// For self = g: the gradient of x, whose shape is `input`. For stride 1 it is the convolution of g with the turned
    /// weight.
    package func depthwiseInputGradient(_ weight: Tensor, _ window: Window, input: Shape) -> Tensor {
        let geometry = window.geometry(on: input)
        if window.stride == 1 {
            var turned = geometry
            (turned.height, turned.width) = (geometry.out_height, geometry.out_width)
            (turned.out_height, turned.out_width) = (geometry.height, geometry.width)
            turned.padding_height = geometry.kernel_height - 1 - geometry.padding_height
            turned.padding_width = geometry.kernel_width - 1 - geometry.padding_width
            return convolvedByChannel(weight, nil, turned, turned: true)
        }
        let filter = packed(weight, turned: false)
        let rows = depthwiseRows(height: input[1], width: input[2], channels: input[3], elements: 1 << 16)
        return Tensor(input) { dx in
            read { g in
                eachTask(rows: input[0] * input[1], grain: rows, channels: input[3]) {
                    S.depthwiseInputGradient(g, filter.pointer, dx, geometry, rows: $0, channels: $1)
                }
            }
        }
    }

    /// For self = g: the gradients of the weight [kh, kw, C] and of the bias [C]. Sums of fixed blocks of rows are added
    /// in order.
    package func depthwiseWeightGradient(_ x: Tensor, _ window: Window) -> (weight: Tensor, bias: Tensor) {
        let geometry = window.geometry(on: x.shape)
        let channels = x.shape[3]
        let taps = window.kernel.height * window.kernel.width
        let blocks = (channels + 15) / 16
        let size = blocks * (taps + 1) * 16
        let rows = x.shape[0] * geometry.out_height
        // Enough elements that writing and adding the sums stays far below the work, at most 64 blocks.
        let least = depthwiseRows(
            height: geometry.out_height, width: geometry.out_width, channels: channels, elements: 1 << 17)
        let share = (rows + 63) / 64
        let grain = least * max(1, (share + least - 1) / least)
        let chunks = (rows + grain - 1) / grain
        let partials = Storage<S>(count: chunks * size)
        withElements(x, self) { x, g in
            eachTask(rows: rows, grain: grain, channels: channels) { rows, group in
                S.depthwiseWeightGradient(
                    x, g, partials.pointer + rows.lowerBound / grain * size, geometry, rows: rows, channels: group)
            }
        }
        let sums = Storage<S>(count: size)
        parallelFor(size, grain: elementGrain) {
            S.sumRows(partials.pointer + $0.lowerBound, stride: size, sums.pointer + $0.lowerBound, chunks, $0.count)
        }
        func unpacked(_ shape: Shape, firstTap: Int) -> Tensor {
            Tensor(shape) { out in
                for tap in 0..<shape.rows {
                    for block in 0..<blocks {
                        (out + tap * channels + block * 16).update(
                            from: sums.pointer + (block * (taps + 1) + firstTap + tap) * 16,
                            count: min(16, channels - block * 16))
                    }
                }
            }
        }
        return (
            unpacked([window.kernel.height, window.kernel.width, channels], firstTap: 0),
            unpacked([channels], firstTap: taps)
        )
    }
}
