import CKernels

/// What `Kernels/AveragePooling.swift` asks of an element type.
public protocol AveragePoolKernels {
    /// The means under each window; `rows` count output rows. Zeros around the map count where `countsPadding`.
    static func averagePool(
        _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ geometry: hb_window, countsPadding: Bool,
        rows: Range<Int>)
    /// dx of whole images.
    static func averagePoolGradient(
        _ g: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ geometry: hb_window, countsPadding: Bool,
        images: Range<Int>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: AveragePoolKernels {
    public static func averagePool(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ geometry: hb_window, countsPadding: Bool,
        rows: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_average_pool(x, y, $0, countsPadding ? 1 : 0, rows.lowerBound, rows.upperBound)
        }
    }

    public static func averagePoolGradient(
        _ g: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ geometry: hb_window, countsPadding: Bool,
        images: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_average_pool_gradient(g, dx, $0, countsPadding ? 1 : 0, images.lowerBound, images.upperBound)
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: AveragePoolKernels {
    public static func averagePool(
        _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ geometry: hb_window, countsPadding: Bool,
        rows: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_average_pool_double(x, y, $0, countsPadding ? 1 : 0, rows.lowerBound, rows.upperBound)
        }
    }

    public static func averagePoolGradient(
        _ g: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, _ geometry: hb_window, countsPadding: Bool,
        images: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_average_pool_gradient_double(g, dx, $0, countsPadding ? 1 : 0, images.lowerBound, images.upperBound)
        }
    }
}

extension Tensor {
    /// The mean under each window, [N, D', H', W', C].
    package func averagePooled(_ window: VolumeWindow, countsPadding: Bool) -> Tensor {
        let geometry = window.geometry(on: shape)
        let output = windowed(window, channels: shape[4])
        let grain = max(1, elementGrain / (output[3] * output[4]))
        return Tensor(output) { y in
            read { x in
                parallelFor(output[0] * output[1] * output[2], grain: grain) {
                    S.averagePool(x, y, geometry, countsPadding: countsPadding, rows: $0)
                }
            }
        }
    }

    /// For self = g: the gradient of the pooled volume, whose shape is `input`.
    package func averagePoolGradient(_ window: VolumeWindow, countsPadding: Bool, input: Shape) -> Tensor {
        let geometry = window.geometry(on: input)
        let size = max(1, input.elementCount / max(1, input[0]))
        return Tensor(input) { dx in
            read { g in
                parallelFor(input[0], grain: max(1, elementGrain / size)) {
                    S.averagePoolGradient(g, dx, geometry, countsPadding: countsPadding, images: $0)
                }
            }
        }
    }
}
