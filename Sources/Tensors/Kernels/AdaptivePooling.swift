import CKernels

/// What `Kernels/AdaptivePooling.swift` asks of an element type.
public protocol AdaptivePoolingKernels {
    /// One row of means over the pixels of a range of rows and ranges of columns.
    static func averageBins(
        _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, width: Int, channels: Int, row: hb_bin,
        columns: UnsafeBufferPointer<hb_bin>)
    /// Adds the adjoint for one image to dx.
    static func averageBinsGradient(
        _ g: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, width: Int, channels: Int,
        rows: UnsafeBufferPointer<hb_bin>, columns: UnsafeBufferPointer<hb_bin>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: AdaptivePoolingKernels {
    public static func averageBins(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int, channels: Int, row: hb_bin,
        columns: UnsafeBufferPointer<hb_bin>
    ) { hb_average_bins(x, y, width, channels, row, columns.baseAddress, columns.count) }

    public static func averageBinsGradient(
        _ g: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, width: Int, channels: Int,
        rows: UnsafeBufferPointer<hb_bin>, columns: UnsafeBufferPointer<hb_bin>
    ) {
        hb_average_bins_gradient(
            g, dx, width, channels, rows.baseAddress, rows.count, columns.baseAddress, columns.count)
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: AdaptivePoolingKernels {
    public static func averageBins(
        _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, width: Int, channels: Int, row: hb_bin,
        columns: UnsafeBufferPointer<hb_bin>
    ) { hb_average_bins_double(x, y, width, channels, row, columns.baseAddress, columns.count) }

    public static func averageBinsGradient(
        _ g: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, width: Int, channels: Int,
        rows: UnsafeBufferPointer<hb_bin>, columns: UnsafeBufferPointer<hb_bin>
    ) {
        hb_average_bins_gradient_double(
            g, dx, width, channels, rows.baseAddress, rows.count, columns.baseAddress, columns.count)
    }
}

/// The positions floor(i n / m) ..< ceil((i + 1) n / m) for each i of m; they overlap where m does not divide n.
private func bins(_ input: Int, _ output: Int) -> [hb_bin] {
    (0..<output).map { hb_bin(first: $0 * input / output, end: (($0 + 1) * input + output - 1) / output) }
}

extension Tensor {
    /// [N, H, W, C] -> [N, h, w, C], each pixel the mean over its bins of rows and columns.
    package func averagedBins(_ size: Pair) -> Tensor {
        let (rows, columns) = (bins(shape[1], size.height), bins(shape[2], size.width))
        let (width, channels) = (shape[2], shape[3])
        let (image, row) = (shape[1] * width * channels, size.width * channels)
        let work = max(1, image / size.height)
        return Tensor([shape[0], size.height, size.width, channels]) { y in
            read { x in
                columns.withUnsafeBufferPointer { columns in
                    parallelFor(shape[0] * size.height, grain: max(1, elementGrain / work)) { range in
                        for i in range {
                            S.averageBins(
                                x + i / size.height * image, y + i * row, width: width, channels: channels,
                                row: rows[i % size.height], columns: columns)
                        }
                    }
                }
            }
        }
    }

    /// For self = g: the gradient of the pooled map, whose shape is `input`.
    package func averagedBinsGradient(input: Shape) -> Tensor {
        let (rows, columns) = (bins(input[1], shape[1]), bins(input[2], shape[2]))
        let (from, to) = (shape[1] * shape[2] * shape[3], input[1] * input[2] * input[3])
        return Tensor(input) { dx in
            read { g in
                rows.withUnsafeBufferPointer { rows in
                    columns.withUnsafeBufferPointer { columns in
                        parallelFor(input[0], grain: max(1, elementGrain / max(1, to))) { images in
                            for image in images {
                                clear(dx + image * to, to)
                                S.averageBinsGradient(
                                    g + image * from, dx + image * to, width: input[2], channels: input[3],
                                    rows: rows, columns: columns)
                            }
                        }
                    }
                }
            }
        }
    }
}
