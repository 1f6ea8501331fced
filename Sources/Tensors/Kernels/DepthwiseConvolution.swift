import CKernels

/// Weights and weight gradients are packed by blocks of 16 channels, [block][tap][16]. Each call does some rows of the
/// batch (row = image * map height + row of the map) and a range of channels that starts at a multiple of 16.
public protocol DepthwiseKernels {
    /// y = the depthwise convolution of x, plus the bias if there is one; `rows` count output rows.
    static func depthwise(
        _ x: UnsafePointer<Self>, _ packed: UnsafePointer<Self>, _ bias: UnsafePointer<Self>?,
        _ y: UnsafeMutablePointer<Self>, _ geometry: hb_window, rows: Range<Int>, channels: Range<Int>)
    /// dx for the gradient g of y; `rows` count input rows.
    static func depthwiseInputGradient(
        _ g: UnsafePointer<Self>, _ packed: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>,
        _ geometry: hb_window, rows: Range<Int>, channels: Range<Int>)
    /// The packed weight gradient over output rows, with the bias gradient as one more tap at the end.
    static func depthwiseWeightGradient(
        _ x: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ packed: UnsafeMutablePointer<Self>,
        _ geometry: hb_window, rows: Range<Int>, channels: Range<Int>)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: DepthwiseKernels {
    public static func depthwise(
        _ x: UnsafePointer<Float>, _ packed: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
        _ y: UnsafeMutablePointer<Float>, _ geometry: hb_window, rows: Range<Int>, channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_depthwise(
                x, packed, bias, y, $0, rows.lowerBound, rows.upperBound, channels.lowerBound, channels.upperBound)
        }
    }

    public static func depthwiseInputGradient(
        _ g: UnsafePointer<Float>, _ packed: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>,
        _ geometry: hb_window, rows: Range<Int>, channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_depthwise_input_gradient(
                g, packed, dx, $0, rows.lowerBound, rows.upperBound, channels.lowerBound, channels.upperBound)
        }
    }

    public static func depthwiseWeightGradient(
        _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>, _ packed: UnsafeMutablePointer<Float>,
        _ geometry: hb_window, rows: Range<Int>, channels: Range<Int>
    ) {
        withUnsafePointer(to: geometry) {
            hb_depthwise_weight_gradient(
                x, g, packed, $0, rows.lowerBound, rows.upperBound, channels.lowerBound, channels.upperBound)
        }
    }
}

extension hb_window {
    /// Calls `body` with each pair of an output column and an input column that one tap row joins, and the tap.
    fileprivate func eachMeeting(
        row: Int, _ body: (_ output: Int, _ input: Int, _ tap: Int) -> Void
    ) {
        let (image, top) = (row / out_height, row % out_height * stride_height - padding_height)
        for i in 0..<kernel_height where 0..<height ~= top + i {
            for column in 0..<out_width {
                for j in 0..<kernel_width {
                    let source = column * stride_width - padding_width + j
                    guard 0..<width ~= source else { continue }
                    body(
                        row * out_width + column, (image * height + top + i) * width + source, i * kernel_width + j)
                }
            }
        }
    }

    fileprivate func packedIndex(_ channel: Int, _ tap: Int, taps: Int) -> Int {
        (channel / 16 * taps + tap) * 16 + channel % 16
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: DepthwiseKernels {
    public static func depthwise(
        _ x: UnsafePointer<Double>, _ packed: UnsafePointer<Double>, _ bias: UnsafePointer<Double>?,
        _ y: UnsafeMutablePointer<Double>, _ geometry: hb_window, rows: Range<Int>, channels: Range<Int>
    ) {
        let (all, taps) = (geometry.channels, geometry.kernel_height * geometry.kernel_width)
        for row in rows {
            for column in 0..<geometry.out_width {
                for c in channels { y[(row * geometry.out_width + column) * all + c] = bias?[c] ?? 0 }
            }
            geometry.eachMeeting(row: row) { output, input, tap in
                for c in channels {
                    y[output * all + c] += x[input * all + c] * packed[geometry.packedIndex(c, tap, taps: taps)]
                }
            }
        }
    }

    public static func depthwiseInputGradient(
        _ g: UnsafePointer<Double>, _ packed: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>,
        _ geometry: hb_window, rows: Range<Int>, channels: Range<Int>
    ) {
        let (all, taps) = (geometry.channels, geometry.kernel_height * geometry.kernel_width)
        let (first, last) = (rows.lowerBound * geometry.width, rows.upperBound * geometry.width)
        for p in first..<last { for c in channels { dx[p * all + c] = 0 } }
        let images = rows.lowerBound / geometry.height...(rows.upperBound - 1) / geometry.height
        for row in images.lowerBound * geometry.out_height..<(images.upperBound + 1) * geometry.out_height {
            geometry.eachMeeting(row: row) { output, input, tap in
                guard first..<last ~= input else { return }
                for c in channels {
                    dx[input * all + c] += g[output * all + c] * packed[geometry.packedIndex(c, tap, taps: taps)]
                }
            }
        }
    }

    public static func depthwiseWeightGradient(
        _ x: UnsafePointer<Double>, _ g: UnsafePointer<Double>, _ packed: UnsafeMutablePointer<Double>,
        _ geometry: hb_window, rows: Range<Int>, channels: Range<Int>
    ) {
        let (all, taps) = (geometry.channels, geometry.kernel_height * geometry.kernel_width + 1)
        for c in channels { for tap in 0..<taps { packed[geometry.packedIndex(c, tap, taps: taps)] = 0 } }
        for row in rows {
            for column in 0..<geometry.out_width {
                for c in channels {
                    packed[geometry.packedIndex(c, taps - 1, taps: taps)] +=
                        g[
                            (row * geometry.out_width + column) * all + c]
                }
            }
            geometry.eachMeeting(row: row) { output, input, tap in
                for c in channels {
                    packed[geometry.packedIndex(c, tap, taps: taps)] += x[input * all + c] * g[output * all + c]
                }
            }
        }
    }
}
