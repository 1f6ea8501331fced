import CKernels

/// How a map is brought to another size, as PyTorch's `interpolate` does it.
public enum ResizeMode: Sendable, Hashable {
    /// Linear along both axes. With `alignCorners` the corner pixels of both maps coincide, otherwise the outer edges
    /// do and positions outside the outermost pixel centres take its value.
    case bilinear(alignCorners: Bool)
    /// The pixel whose number is output number * input size / output size, rounded down.
    case nearest
}

/// What `Kernels/Resize.swift` asks of an element type.
public protocol ResizeKernels {
    /// One image under the given row and column mixtures.
    static func resize(
        _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, width: Int, channels: Int,
        rows: UnsafeBufferPointer<hb_mix>, columns: UnsafeBufferPointer<hb_mix>)
    /// Adds the adjoint of `resize` to dx.
    static func resizeGradient(
        _ g: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, width: Int, channels: Int,
        rows: UnsafeBufferPointer<hb_mix>, columns: UnsafeBufferPointer<hb_mix>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: ResizeKernels {
    public static func resize(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, width: Int, channels: Int,
        rows: UnsafeBufferPointer<hb_mix>, columns: UnsafeBufferPointer<hb_mix>
    ) { hb_resize(x, y, width, channels, rows.baseAddress, rows.count, columns.baseAddress, columns.count) }

    public static func resizeGradient(
        _ g: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, width: Int, channels: Int,
        rows: UnsafeBufferPointer<hb_mix>, columns: UnsafeBufferPointer<hb_mix>
    ) { hb_resize_gradient(g, dx, width, channels, rows.baseAddress, rows.count, columns.baseAddress, columns.count) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: ResizeKernels {
    public static func resize(
        _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, width: Int, channels: Int,
        rows: UnsafeBufferPointer<hb_mix>, columns: UnsafeBufferPointer<hb_mix>
    ) { hb_resize_double(x, y, width, channels, rows.baseAddress, rows.count, columns.baseAddress, columns.count) }

    public static func resizeGradient(
        _ g: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, width: Int, channels: Int,
        rows: UnsafeBufferPointer<hb_mix>, columns: UnsafeBufferPointer<hb_mix>
    ) {
        hb_resize_gradient_double(
            g, dx, width, channels, rows.baseAddress, rows.count, columns.baseAddress, columns.count)
    }
}

/// What each of `output` positions along an axis takes from `input` positions.
func resizeMixtures(_ input: Int, _ output: Int, _ mode: ResizeMode) -> [hb_mix] {
    (0..<output).map { position in
        switch mode {
        case .nearest:
            // In single precision, as PyTorch does it: its rounding decides ties.
            let source = min(Int(Float(position) * (Float(input) / Float(output))), input - 1)
            return hb_mix(first: source, second: source, fraction: 0)
        case .bilinear(let alignCorners):
            let place =
                alignCorners
                ? output > 1 ? Double(position) * Double(input - 1) / Double(output - 1) : 0
                : max(0, (Double(position) + 0.5) * Double(input) / Double(output) - 0.5)
            let first = min(Int(place), input - 1)
            return hb_mix(
                first: first, second: min(first + 1, input - 1),
                fraction: first == input - 1 ? 0 : place - Double(first))
        }
    }
}

extension Tensor {
    /// [N, H, W, C] -> [N, height, width, C].
    public func resized(height: Int, width: Int, _ mode: ResizeMode) -> Tensor {
        let (rows, columns) = (resizeMixtures(shape[1], height, mode), resizeMixtures(shape[2], width, mode))
        let (oldWidth, channels) = (shape[2], shape[3])
        let rowSize = width * channels
        return Tensor([shape[0], height, width, channels]) { y in
            read { x in
                rows.withUnsafeBufferPointer { rows in
                    columns.withUnsafeBufferPointer { columns in
                        let imageSize = shape[1] * oldWidth * channels
                        parallelFor(shape[0] * height, grain: max(1, elementGrain / rowSize)) { range in
                            for row in range {
                                let position = row % height
                                let mixture = UnsafeBufferPointer(rebasing: rows[position..<position + 1])
                                S.resize(
                                    x + row / height * imageSize, y + row * rowSize, width: oldWidth,
                                    channels: channels, rows: mixture, columns: columns)
                            }
                        }
                    }
                }
            }
        }
    }

    /// For self = g: the gradient of the map, whose shape is `input`. Each image is summed by one task.
    package func resizeGradient(_ mode: ResizeMode, input: Shape) -> Tensor {
        let (rows, columns) = (resizeMixtures(input[1], shape[1], mode), resizeMixtures(input[2], shape[2], mode))
        let (size, resizedSize) = (input[1] * input[2] * input[3], shape[1] * shape[2] * shape[3])
        return Tensor(input) { dx in
            read { g in
                rows.withUnsafeBufferPointer { rows in
                    columns.withUnsafeBufferPointer { columns in
                        parallelFor(input[0], grain: max(1, elementGrain / max(size, resizedSize))) { images in
                            for image in images {
                                clear(dx + image * size, size)
                                S.resizeGradient(
                                    g + image * resizedSize, dx + image * size, width: input[2], channels: input[3],
                                    rows: rows, columns: columns)
                            }
                        }
                    }
                }
            }
        }
    }
}
