import CKernels

/// The sizes of a convolution by matrix products: the patches of some output rows [pixels, inner] times the weight of a
/// group [outputs, inner], transposed.
private struct ConvolutionPlan {
    let geometry: hb_window
    let images: Int
    let groups: Int
    /// Input and output channels of a group.
    let inputs: Int
    let outputs: Int
    /// Elements of a patch within a group.
    let inner: Int
    /// Output rows whose patches are made at a time: about 128k elements, half of a second-level cache.
    let block: Int
    /// Whether x itself is the matrix of patches.
    let isPoint: Bool

    init(_ window: Window, input: Shape, weight: Shape, groups: Int) {
        geometry = window.geometry(on: input)
        images = input[0]
        self.groups = groups
        inputs = input[3] / groups
        outputs = weight[0] / groups
        inner = window.kernel.height * window.kernel.width * inputs
        isPoint = window.isPoint
        block = max(1, (1 << 17) / (geometry.out_width * max(inner, outputs)))
    }

    var rows: Int { images * geometry.out_height }
    var width: Int { geometry.out_width }

    /// Output rows per task: at least a block and about four million multiply-adds.
    var grain: Int {
        let work = 4_000_000 / (width * inner * outputs * groups)
        return max(1, work / block) * block
    }

    /// Calls `body` with the blocks of a range of rows.
    func eachBlock(_ rows: Range<Int>, _ body: (Range<Int>) -> Void) {
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: block) {
            body(first..<min(first + block, rows.upperBound))
        }
    }

    func inputChannels(_ group: Int) -> Range<Int> { group * inputs..<(group + 1) * inputs }

    /// Lends the patches of a block: pointer and distance between pixels. `room` holds `block` rows of patches.
    func withPatches<S: Scalar>(
        _ x: UnsafePointer<S>, _ rows: Range<Int>, _ group: Int, _ room: UnsafeMutablePointer<S>,
        _ body: (UnsafePointer<S>, Int) -> Void
    ) {
        if isPoint {
            body(x + rows.lowerBound * width * geometry.channels + group * inputs, geometry.channels)
        } else {
            S.gatherPatches(x, room, geometry, rows: rows, channels: inputChannels(group))
            body(room, inner)
        }
    }

    private var roomCount: Int { isPoint ? 0 : block * width * inner }

    func room<S: Scalar>() -> Storage<S> { Storage(count: roomCount) }

    func reserve<S: Scalar>(_ type: S.Type, _ tasks: Int) { reserveScratch(type, roomCount, chunks: tasks) }
}

extension Tensor {
    /// x [N, H, W, Cin], weight [out, kh, kw, Cin / groups], bias [out] -> [N, H', W', out].
    package func convolution(_ weight: Tensor, _ bias: Tensor?, _ window: Window, groups: Int) -> Tensor {
        if Self.usesTiles(window, map: shape, weight: weight.shape, groups: groups) {
            return .tiledConvolution([self], weight, bias)
        }
        let plan = ConvolutionPlan(window, input: shape, weight: weight.shape, groups: groups)
        let out = weight.shape[0]
        let operands = (0..<groups).map { group in
            ProductOperand(
                weight.start + group * plan.outputs * plan.inner, stride: plan.inner, transposed: true,
                inner: plan.inner, columns: plan.outputs)
        }
        defer { withExtendedLifetime((weight, bias)) {} }
        return Tensor(windowed(window, channels: out)) { y in
            read { x in
                plan.reserve(S.self, chunkCount(plan.rows, grain: plan.grain))
                parallelFor(plan.rows, grain: plan.grain) { task in
                    let room: Storage<S> = plan.room()
                    plan.eachBlock(task) { rows in
                        let target = y + rows.lowerBound * plan.width * out
                        for group in 0..<groups {
                            plan.withPatches(x, rows, group, room.pointer) { patches, distance in
                                operands[group].product(
                                    rows.count * plan.width, patches, stride: distance,
                                    bias: bias.map { $0.start + group * plan.outputs },
                                    into: target + group * plan.outputs, strideC: out)
                            }
                        }
                    }
                }
            }
        }
    }

    /// For self = g: the gradient of x, whose shape is `input`. Patches that overlap are added up by one task per image.
    package func convolutionInputGradient(_ weight: Tensor, _ window: Window, input: Shape, groups: Int) -> Tensor {
        if input[3] > 4, Self.usesTiles(window, map: input, weight: weight.shape, groups: groups) {
            return tiledInputGradients(weight, parts: [input[3]])[0]
        }
        let plan = ConvolutionPlan(window, input: input, weight: weight.shape, groups: groups)
        let (out, imageSize) = (weight.shape[0], input[1] * input[2] * input[3])
        let height = plan.geometry.out_height
        let grain = max(1, plan.grain / height)
        let operands = (0..<groups).map { group in
            ProductOperand(
                weight.start + group * plan.outputs * plan.inner, stride: plan.inner, transposed: false,
                inner: plan.outputs, columns: plan.inner)
        }
        defer { withExtendedLifetime(weight) {} }
        return Tensor(input) { dx in
            read { g in
                plan.reserve(S.self, chunkCount(plan.images, grain: grain))
                parallelFor(plan.images, grain: grain) { images in
                    let room: Storage<S> = plan.room()
                    if !plan.isPoint {
                        clear(dx + images.lowerBound * imageSize, images.count * imageSize)
                    }
                    plan.eachBlock(images.lowerBound * height..<images.upperBound * height) { rows in
                        let source = g + rows.lowerBound * plan.width * out
                        for group in 0..<groups {
                            let (target, distance) =
                                plan.isPoint
                                ? (dx + rows.lowerBound * plan.width * input[3] + group * plan.inputs, input[3])
                                : (room.pointer, plan.inner)
                            operands[group].product(
                                rows.count * plan.width, source + group * plan.outputs, stride: out, into: target,
                                strideC: distance)
                            if !plan.isPoint {
                                S.scatterPatches(
                                    target, dx, plan.geometry, rows: rows, channels: plan.inputChannels(group))
                            }
                        }
                    }
                }
            }
        }
    }

    /// For self = g: the gradient of the weight, whose shape is given. Patches are made again; products over fixed
    /// chunks of rows are added in order.
    package func convolutionWeightGradient(_ x: Tensor, _ window: Window, weight: Shape, groups: Int) -> Tensor {
        if Self.usesTiles(window, map: x.shape, weight: weight, groups: groups) {
            return tiledWeightGradient([x], weight)
        }
        let plan = ConvolutionPlan(window, input: x.shape, weight: weight, groups: groups)
        let (out, size) = (weight[0], weight.elementCount)
        let most = size > 1 << 18 ? 4 : 16
        let grain = max(plan.grain, (plan.rows + most - 1) / most)
        let chunks = (plan.rows + grain - 1) / grain
        let partials = Storage<S>(count: chunks * size)
        let precision = ProductPrecision.current
        return Tensor(weight) { dw in
            withElements(x, self) { x, g in
                plan.reserve(S.self, chunks)
                parallelFor(plan.rows, grain: grain) { task in
                    let room: Storage<S> = plan.room()
                    let sums = partials.pointer + task.lowerBound / grain * size
                    clear(sums, size)
                    plan.eachBlock(task) { rows in
                        for group in 0..<groups {
                            plan.withPatches(x, rows, group, room.pointer) { patches, distance in
                                S.addTransposedProduct(
                                    plan.outputs, plan.inner, rows.count * plan.width,
                                    g + rows.lowerBound * plan.width * out + group * plan.outputs, strideA: out,
                                    patches, strideB: distance, precision,
                                    into: sums + group * plan.outputs * plan.inner, strideC: plan.inner)
                            }
                        }
                    }
                }
            }
            parallelFor(size, grain: elementGrain) {
                S.sumRows(partials.pointer + $0.lowerBound, stride: size, dw + $0.lowerBound, chunks, $0.count)
            }
        }
    }

    /// The elements read as a matrix of `rows` rows and turned over, under a new shape.
    package func transposedToColumns(_ newShape: Shape, rows: Int) -> Tensor {
        let columns = elementCount / max(1, rows)
        return Tensor(newShape) { out in
            read { x in for r in 0..<rows { for c in 0..<columns { out[c * rows + r] = x[r * columns + c] } } }
        }
    }
}
