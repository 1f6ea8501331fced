import CKernels

/// What `Kernels/Pooling.swift` asks of an element type.
public protocol PoolingKernels {
    /// The largest element under each window and its tap; `rows` count output rows.
    static func maxPool(
        _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ taps: UnsafeMutablePointer<UInt16>,
        _ geometry: hb_window, rows: Range<Int>)
    /// dx of whole images: each gradient goes to the element that was chosen.
    static func maxPoolGradient(
        _ g: UnsafePointer<Self>, _ taps: UnsafePointer<UInt16>, _ dx: UnsafeMutablePointer<Self>,
        _ geometry: hb_window, images: Range<Int>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: PoolingKernels {
    public static func maxPool(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ taps: UnsafeMutablePointer<UInt16>,
        _ geometry: hb_window, rows: Range<Int>
    ) { withUnsafePointer(to: geometry) { hb_max_pool(x, y, taps, $0, rows.lowerBound, rows.upperBound) } }

    public static func maxPoolGradient(
        _ g: UnsafePointer<Float>, _ taps: UnsafePointer<UInt16>, _ dx: UnsafeMutablePointer<Float>,
        _ geometry: hb_window, images: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_max_pool_gradient(g, taps, dx, $0, images.lowerBound, images.upperBound)
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: PoolingKernels {
    public static func maxPool(
        _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ taps: UnsafeMutablePointer<UInt16>,
        _ geometry: hb_window, rows: Range<Int>
    ) { withUnsafePointer(to: geometry) { hb_max_pool_double(x, y, taps, $0, rows.lowerBound, rows.upperBound) } }

    public static func maxPoolGradient(
        _ g: UnsafePointer<Double>, _ taps: UnsafePointer<UInt16>, _ dx: UnsafeMutablePointer<Double>,
        _ geometry: hb_window, images: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_max_pool_gradient_double(g, taps, dx, $0, images.lowerBound, images.upperBound)
        }
    }
}

/// The taps that a max pooling chose, two bytes each.
public final class ChosenTaps: @unchecked Sendable {
    // The pool lends numbers only, so the taps live in half as many floats.
    private let storage: Storage<Float>
    let pointer: UnsafeMutablePointer<UInt16>

    init(count: Int) {
        storage = Storage(count: (count + 1) / 2)
        pointer = UnsafeMutableRawPointer(storage.pointer).bindMemory(to: UInt16.self, capacity: count)
    }
}

extension Tensor {
    /// The largest element under each window, [N, H', W', C], and which tap it is.
    package func maxPooled(_ window: Window) -> (Tensor, ChosenTaps) {
        let (pooled, taps) = asVolumes.maxPooled(VolumeWindow(window))
        return (pooled.slices, taps)
    }

    /// For self = g: the gradient of the pooled map, whose shape is `input`.
    package func maxPoolGradient(_ taps: ChosenTaps, _ window: Window, input: Shape) -> Tensor {
        asVolumes.maxPoolGradient(
            taps, VolumeWindow(window), input: [input[0], 1, input[1], input[2], input[3]]
        ).slices
    }

    /// The same of volumes: [N, D', H', W', C].
    package func maxPooled(_ window: VolumeWindow) -> (Tensor, ChosenTaps) {
        let geometry = window.geometry(on: shape)
        let output = windowed(window, channels: shape[4])
        let taps = ChosenTaps(count: output.elementCount)
        let grain = max(1, elementGrain / (output[3] * output[4]))
        let pooled = Tensor(output) { y in
            read { x in
                parallelFor(output[0] * output[1] * output[2], grain: grain) {
                    S.maxPool(x, y, taps.pointer, geometry, rows: $0)
                }
            }
        }
        return (pooled, taps)
    }

    /// For self = g: the gradient of the pooled volume, whose shape is `input`.
    package func maxPoolGradient(_ taps: ChosenTaps, _ window: VolumeWindow, input: Shape) -> Tensor {
        let geometry = window.geometry(on: input)
        return Tensor(input) { dx in
            read { g in
                parallelFor(input[0], grain: max(1, elementGrain / (input[1] * input[2] * input[3] * input[4]))) {
                    S.maxPoolGradient(g, taps.pointer, dx, geometry, images: $0)
                }
            }
        }
    }

    /// The mean over each map: [N, H, W, C] -> [N, C].
    package func globalAveragePooled() -> Tensor {
        let (pixels, channels) = (shape[1] * shape[2], shape[3])
        return Tensor([shape[0], channels]) { means in
            read { x in
                parallelFor(shape[0], grain: max(1, elementGrain / max(1, pixels * channels))) { images in
                    for image in images {
                        let mean = means + image * channels
                        S.sumRows(x + image * pixels * channels, stride: channels, mean, pixels, channels)
                        for c in 0..<channels { mean[c] /= S(pixels) }
                    }
                }
            }
        }
    }

    /// For self = g [N, C]: g / (H W) for each pixel, [N, H, W, C].
    package func globalAveragePoolGradient(input: Shape) -> Tensor {
        let (pixels, channels) = (input[1] * input[2], input[3])
        return Tensor(input) { dx in
            read { g in
                parallelFor(input[0], grain: max(1, elementGrain / max(1, pixels * channels))) { images in
                    for image in images {
                        let first = dx + image * pixels * channels
                        S.scale(g + image * channels, 1 / S(pixels), first, channels)
                        for pixel in 1..<max(1, pixels) {
                            (first + pixel * channels).update(from: first, count: channels)
                        }
                    }
                }
            }
        }
    }
}
