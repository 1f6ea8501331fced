import CKernels

/// The sizes of a convolution by matrix products: the patches of some output rows [pixels, inner] times the weight of a
/// group [outputs, inner], transposed.
struct ConvolutionPlan {
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

extension ConvolutionPlan {
    /// y [N, H', W', out] of x [N, H, W, in], weight [out, kh, kw, in / groups] and bias [out].
    func output<S: Scalar>(
        _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>, _ bias: UnsafePointer<S>?, into y: UnsafeMutablePointer<S>
    ) {
        let out = outputs * groups
        let operands = (0..<groups).map { group in
            ProductOperand(
                weight + group * outputs * inner, stride: inner, transposed: true, inner: inner, columns: outputs)
        }
        reserve(S.self, chunkCount(rows, grain: grain))
        parallelFor(rows, grain: grain) { task in
            let room: Storage<S> = room()
            eachBlock(task) { rows in
                let target = y + rows.lowerBound * width * out
                for group in 0..<groups {
                    withPatches(x, rows, group, room.pointer) { patches, distance in
                        operands[group].product(
                            rows.count * width, patches, stride: distance, bias: bias.map { $0 + group * outputs },
                            into: target + group * outputs, strideC: out)
                    }
                }
            }
        }
    }

    /// The gradient of x for the gradient g of y. Patches that overlap are added up by one task per image.
    func inputGradient<S: Scalar>(
        _ g: UnsafePointer<S>, _ weight: UnsafePointer<S>, into dx: UnsafeMutablePointer<S>
    ) {
        let (out, channels) = (outputs * groups, geometry.channels)
        let (imageSize, height) = (geometry.height * geometry.width * channels, geometry.out_height)
        let grain = max(1, grain / height)
        let operands = (0..<groups).map { group in
            ProductOperand(
                weight + group * outputs * inner, stride: inner, transposed: false, inner: outputs, columns: inner)
        }
        reserve(S.self, chunkCount(images, grain: grain))
        parallelFor(images, grain: grain) { images in
            let room: Storage<S> = room()
            if !isPoint { clear(dx + images.lowerBound * imageSize, images.count * imageSize) }
            eachBlock(images.lowerBound * height..<images.upperBound * height) { rows in
                let source = g + rows.lowerBound * width * out
                for group in 0..<groups {
                    let (target, distance) =
                        isPoint
                        ? (dx + rows.lowerBound * width * channels + group * inputs, channels) : (room.pointer, inner)
                    operands[group].product(
                        rows.count * width, source + group * outputs, stride: out, into: target, strideC: distance)
                    if !isPoint {
                        S.scatterPatches(target, dx, geometry, rows: rows, channels: inputChannels(group))
                    }
                }
            }
        }
    }

    /// The gradient of the weight for the gradient g of y. Patches are made again; products over fixed chunks of rows,
    /// so many at most, are added in order.
    func weightGradient<S: Scalar>(
        _ x: UnsafePointer<S>, _ g: UnsafePointer<S>, chunks most: Int, into dw: UnsafeMutablePointer<S>
    ) {
        let (out, size) = (outputs * groups, outputs * groups * inner)
        let grain = max(grain, (rows + most - 1) / most)
        let chunks = chunkCount(rows, grain: grain)
        let partials = chunks > 1 ? Storage<S>(count: chunks * size) : nil
        let precision = ProductPrecision.current
        reserve(S.self, chunks)
        if chunks == 0 { clear(dw, size) }
        parallelFor(rows, grain: grain) { task in
            let room: Storage<S> = room()
            let sums = partials.map { $0.pointer + task.lowerBound / grain * size } ?? dw
            clear(sums, size)
            eachBlock(task) { rows in
                for group in 0..<groups {
                    withPatches(x, rows, group, room.pointer) { patches, distance in
                        S.addTransposedProduct(
                            outputs, inner, rows.count * width, g + rows.lowerBound * width * out + group * outputs,
                            strideA: out, patches, strideB: distance, precision, into: sums + group * outputs * inner,
                            strideC: inner)
                    }
                }
            }
        }
        guard let partials else { return }
        parallelFor(size, grain: elementGrain) {
            S.sumRows(partials.pointer + $0.lowerBound, stride: size, dw + $0.lowerBound, chunks, $0.count)
        }
    }
}

extension Tensor {
    /// x [N, H, W, Cin], weight [out, kh, kw, Cin / groups], bias [out] -> [N, H', W', out].
    package func convolution(_ weight: Tensor, _ bias: Tensor?, _ window: Window, groups: Int) -> Tensor {
        if Self.usesTiles(window, map: shape, weight: weight.shape, groups: groups) {
            return .tiledConvolution([self], weight, bias)
        }
        let plan = ConvolutionPlan(window, input: shape, weight: weight.shape, groups: groups)
        defer { withExtendedLifetime(bias) {} }
        return Tensor(windowed(window, channels: weight.shape[0])) { y in
            withElements(self, weight) { plan.output($0, $1, bias?.start, into: y) }
        }
    }

    /// For self = g: the gradient of x, whose shape is `input`. Patches that overlap are added up by one task per image.
    package func convolutionInputGradient(_ weight: Tensor, _ window: Window, input: Shape, groups: Int) -> Tensor {
        if input[3] > 4, Self.usesTiles(window, map: input, weight: weight.shape, groups: groups) {
            return tiledInputGradients(weight, parts: [input[3]])[0]
        }
        let plan = ConvolutionPlan(window, input: input, weight: weight.shape, groups: groups)
        return Tensor(input) { dx in withElements(self, weight) { plan.inputGradient($0, $1, into: dx) } }
    }

    /// For self = g: the gradient of the weight, whose shape is given. Patches are made again; products over fixed
    /// chunks of rows are added in order.
    package func convolutionWeightGradient(_ x: Tensor, _ window: Window, weight: Shape, groups: Int) -> Tensor {
        if Self.usesTiles(window, map: x.shape, weight: weight, groups: groups) {
            return tiledWeightGradient([x], weight)
        }
        let plan = ConvolutionPlan(window, input: x.shape, weight: weight, groups: groups)
        let chunks = weight.elementCount > 1 << 18 ? 4 : 16
        return Tensor(weight) { dw in withElements(x, self) { plan.weightGradient($0, $1, chunks: chunks, into: dw) } }
    }

    /// The elements read as a matrix of `rows` rows and turned over, under a new shape.
    package func transposedToColumns(_ newShape: Shape, rows: Int) -> Tensor {
        let columns = elementCount / max(1, rows)
        return Tensor(newShape) { out in
            read { x in for r in 0..<rows { for c in 0..<columns { out[c * rows + r] = x[r * columns + c] } } }
        }
    }
}
