import CKernels

/// The sizes of a deformable convolution, which is a matrix product as an ordinary one is once its patches are made.
private struct DeformablePlan {
    let geometry: hb_window
    let images: Int
    let groups: Int
    let offsetGroups: Int
    /// Input and output channels of a group of the weight.
    let inputs: Int
    let outputs: Int
    let taps: Int

    init(_ window: Window, input: Shape, weight: Shape, groups: Int, offsetGroups: Int) {
        geometry = window.geometry(on: input)
        images = input[0]
        self.groups = groups
        self.offsetGroups = offsetGroups
        inputs = input[3] / groups
        outputs = weight[0] / groups
        taps = window.kernel.height * window.kernel.width
    }

    /// Elements of a patch within a group.
    var inner: Int { taps * inputs }
    var width: Int { geometry.out_width }
    var rows: Int { images * geometry.out_height }
    var pixels: Int { rows * width }

    /// Output rows whose patches, so many elements for each pixel, are made at a time: half of a second-level cache.
    func block(_ elements: Int) -> Int { max(1, (1 << 17) / (width * max(1, elements))) }

    /// Output rows per task: at least a block and about four million multiply-adds.
    var grain: Int {
        let work = 4_000_000 / max(1, width * inner * outputs * groups)
        return max(1, work / block(inner)) * block(inner)
    }

    func inputChannels(_ group: Int) -> Range<Int> { group * inputs..<(group + 1) * inputs }

    /// Channels that have one group of the weight and one of the offsets, 64 at most. Each is scattered by a task of its
    /// own, so that a single image keeps several threads at work and the sums do not depend on the other images.
    var slices: [Range<Int>] {
        let channels = inputs * groups
        let width = channels / offsetGroups
        var slices: [Range<Int>] = []
        var first = 0
        while first < channels {
            let end = min((first / inputs + 1) * inputs, (first / width + 1) * width)
            let parts = (end - first + 63) / 64
            let size = ((end - first + parts - 1) / parts + 15) / 16 * 16
            for start in stride(from: first, to: end, by: size) { slices.append(start..<min(end, start + size)) }
            first = end
        }
        return slices
    }

    /// Which of the slices each group of the offsets has.
    func slicesOfOffsetGroups(_ slices: [Range<Int>]) -> [Range<Int>] {
        let width = inputs * groups / offsetGroups
        return (0..<offsetGroups).map { group in
            let first = slices.firstIndex { $0.lowerBound >= group * width } ?? 0
            let last = slices.lastIndex { $0.upperBound <= (group + 1) * width } ?? -1
            return first..<last + 1
        }
    }
}

extension Tensor {
    /// x [N, H, W, C], weight [out, kh, kw, C / groups], bias [out], offsets [N, h, w, D kh kw 2], mask [N, h, w, D kh kw]
    /// -> [N, h, w, out].
    package func deformableConvolution(
        _ weight: Tensor, _ bias: Tensor?, offsets: Tensor, mask: Tensor?, _ window: Window, groups: Int,
        offsetGroups: Int
    ) -> Tensor {
        let plan = DeformablePlan(
            window, input: shape, weight: weight.shape, groups: groups, offsetGroups: offsetGroups)
        let (out, block) = (weight.shape[0], plan.block(plan.inner))
        let operands = (0..<groups).map { group in
            ProductOperand(
                weight.start + group * plan.outputs * plan.inner, stride: plan.inner, transposed: true,
                inner: plan.inner, columns: plan.outputs)
        }
        let roomCount = block * plan.width * plan.inner
        defer { withExtendedLifetime((weight, bias, mask)) {} }
        return Tensor(windowed(window, channels: out)) { y in
            withElements(self, offsets) { x, offsets in
                reserveScratch(S.self, roomCount, chunks: chunkCount(plan.rows, grain: plan.grain))
                parallelFor(plan.rows, grain: plan.grain) { task in
                    let room = Storage<S>(count: roomCount)
                    forEachBlock(task, block) { rows in
                        for group in 0..<groups {
                            S.gatherDeformed(
                                x, offsets, mask?.start, room.pointer, plan.geometry, offsetGroups: offsetGroups,
                                rows: rows, channels: plan.inputChannels(group))
                            operands[group].product(
                                rows.count * plan.width, room.pointer,
                                bias: bias.map { $0.start + group * plan.outputs },
                                into: y + rows.lowerBound * plan.width * out + group * plan.outputs, strideC: out)
                        }
                    }
                }
            }
        }
    }

    /// For self = g: the gradients of x, of the offsets and of the mask, those that are needed.
    package func deformableConvolutionInputGradients(
        _ x: Tensor, _ weight: Tensor, offsets: Tensor, mask: Tensor?, _ window: Window, groups: Int,
        offsetGroups: Int, needs: (x: Bool, offsets: Bool, mask: Bool)
    ) -> (x: Tensor?, offsets: Tensor?, mask: Tensor?) {
        let plan = DeformablePlan(
            window, input: x.shape, weight: weight.shape, groups: groups, offsetGroups: offsetGroups)
        let slices = plan.slices
        let height = plan.geometry.out_height
        let room = slices.map { plan.block(plan.taps * $0.count) * plan.width * plan.taps * $0.count }.max() ?? 0
        let needsSums = needs.offsets || needs.mask
        let distance = plan.pixels * plan.taps * 3
        let sums = Storage<S>(count: needsSums ? slices.count * distance : 0)
        let dx = needs.x ? Storage<S>(count: x.elementCount) : nil
        if let dx {
            parallelFor(x.elementCount, grain: elementGrain) { clear(dx.pointer + $0.lowerBound, $0.count) }
        }
        // The weight of each slice as a matrix of its own.
        let cut = Storage<S>(count: weight.elementCount)
        var start = 0
        let operands = slices.map { slice in
            let (group, columns) = (slice.lowerBound / plan.inputs, plan.taps * slice.count)
            let part = cut.pointer + start
            S.copyColumns(
                weight.start + group * plan.outputs * plan.inner + slice.lowerBound % plan.inputs, plan.inputs, part,
                slice.count, plan.outputs * plan.taps, slice.count)
            start += plan.outputs * columns
            return ProductOperand(
                UnsafePointer(part), stride: columns, transposed: false, inner: plan.outputs, columns: columns)
        }
        let out = weight.shape[0]
        withElements(self, x, offsets) { g, x, offsets in
            reserveScratch(S.self, room, chunks: slices.count * plan.images)
            parallelFor(slices.count * plan.images, grain: 1) { task in
                let (image, index) = (task.lowerBound / slices.count, task.lowerBound % slices.count)
                let slice = slices[index]
                let patches = Storage<S>(count: room)
                forEachBlock(image * height..<(image + 1) * height, plan.block(plan.taps * slice.count)) { rows in
                    operands[index].product(
                        rows.count * plan.width,
                        g + rows.lowerBound * plan.width * out + slice.lowerBound / plan.inputs * plan.outputs,
                        stride: out, into: patches.pointer)
                    S.scatterDeformed(
                        patches.pointer, x, offsets, mask?.start, dx?.pointer,
                        needsSums ? sums.pointer + index * distance : nil, plan.geometry, offsetGroups: offsetGroups,
                        rows: rows, channels: slice)
                }
            }
        }
        withExtendedLifetime((weight, mask, cut)) {}
        let dOffsets = needs.offsets ? Storage<S>(count: offsets.elementCount) : nil
        let dMask = needs.mask ? Storage<S>(count: mask?.elementCount ?? 0) : nil
        if needsSums {
            let own = plan.slicesOfOffsetGroups(slices)
            parallelFor(plan.pixels, grain: max(1, elementGrain / (plan.taps * slices.count * 3))) { pixels in
                for group in 0..<offsetGroups {
                    S.collectDeformed(
                        sums.pointer + own[group].lowerBound * distance, slices: own[group].count, distance: distance,
                        offsets: dOffsets?.pointer, mask: dMask?.pointer, taps: plan.taps,
                        offsetGroups: offsetGroups, group: group, pixels: pixels)
                }
            }
        }
        func tensor(_ storage: Storage<S>?, _ shape: Shape) -> Tensor? {
            storage.map { Tensor(storage: $0, offset: 0, shape: shape) }
        }
        return (
            tensor(dx, x.shape), tensor(dOffsets, offsets.shape), mask.flatMap { tensor(dMask, $0.shape) }
        )
    }

    /// For self = g: the gradient of the weight, whose shape is given. Products over fixed chunks of rows are added in
    /// order.
    package func deformableConvolutionWeightGradient(
        _ x: Tensor, weight: Shape, offsets: Tensor, mask: Tensor?, _ window: Window, groups: Int, offsetGroups: Int
    ) -> Tensor {
        let plan = DeformablePlan(window, input: x.shape, weight: weight, groups: groups, offsetGroups: offsetGroups)
        let (out, size, block) = (weight[0], weight.elementCount, plan.block(plan.inner))
        let most = size > 1 << 18 ? 4 : 16
        let grain = max(plan.grain, (plan.rows + most - 1) / most)
        let chunks = chunkCount(plan.rows, grain: grain)
        let partials = Storage<S>(count: chunks * size)
        let roomCount = block * plan.width * plan.inner
        let precision = ProductPrecision.current
        defer { withExtendedLifetime(mask) {} }
        return Tensor(weight) { dw in
            withElements(self, x, offsets) { g, x, offsets in
                reserveScratch(S.self, roomCount, chunks: chunks)
                parallelFor(plan.rows, grain: grain) { task in
                    let room = Storage<S>(count: roomCount)
                    let sums = partials.pointer + task.lowerBound / grain * size
                    clear(sums, size)
                    forEachBlock(task, block) { rows in
                        for group in 0..<groups {
                            S.gatherDeformed(
                                x, offsets, mask?.start, room.pointer, plan.geometry, offsetGroups: offsetGroups,
                                rows: rows, channels: plan.inputChannels(group))
                            S.addTransposedProduct(
                                plan.outputs, plan.inner, rows.count * plan.width,
                                g + rows.lowerBound * plan.width * out + group * plan.outputs, strideA: out,
                                room.pointer, strideB: plan.inner, precision,
                                into: sums + group * plan.outputs * plan.inner, strideC: plan.inner)
                        }
                    }
                }
            }
            parallelFor(size, grain: elementGrain) {
                S.sumRows(partials.pointer + $0.lowerBound, stride: size, dw + $0.lowerBound, chunks, $0.count)
            }
        }
    }
}
