import CKernels

/// What `Kernels/RepeatedChannels.swift` asks of an element type.
public protocol RepeatedChannelKernels {
    /// y: each element of x `times` times in a row.
    static func repeatChannels(
        _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int, times: Int)
    /// dx: the sums of `times` neighbours of g.
    static func repeatChannelsGradient(
        _ g: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ count: Int, times: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: RepeatedChannelKernels {
    public static func repeatChannels(
        _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int, times: Int
    ) { hb_repeat_channels(x, y, 1, count, times) }

    public static func repeatChannelsGradient(
        _ g: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ count: Int, times: Int
    ) { hb_repeat_channels_gradient(g, dx, 1, count, times) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: RepeatedChannelKernels {
    public static func repeatChannels(
        _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int, times: Int
    ) { for i in 0..<count * times { y[i] = x[i / times] } }

    public static func repeatChannelsGradient(
        _ g: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, _ count: Int, times: Int
    ) { for i in 0..<count { dx[i] = (0..<times).reduce(0) { $0 + g[i * times + $1] } } }
}

extension Tensor {
    /// [.., C] -> [.., C times]: each channel `times` times in a row.
    package func repeatedChannels(_ times: Int) -> Tensor {
        Tensor(shape.replacing(axis: -1, with: shape.columns * times)) { y in
            read { x in
                parallelFor(elementCount, grain: max(1, elementGrain / times)) {
                    S.repeatChannels(x + $0.lowerBound, y + $0.lowerBound * times, $0.count, times: times)
                }
            }
        }
    }

    /// For self = g: the sums of each channel's repetitions.
    package func repeatedChannelsGradient(_ times: Int) -> Tensor {
        Tensor(shape.replacing(axis: -1, with: shape.columns / times)) { dx in
            read { g in
                parallelFor(elementCount / times, grain: max(1, elementGrain / times)) {
                    S.repeatChannelsGradient(g + $0.lowerBound * times, dx + $0.lowerBound, $0.count, times: times)
                }
            }
        }
    }
}
