import CImages
import Foundation

/// How a resize weighs the pixels around a point.
public enum ResizeFilter: String, Codable, Sendable, CaseIterable {
    /// By a triangle over one pixel to each side, wider where pixels are merged.
    case bilinear
    /// By Keys' cubic over two pixels to each side, wider where pixels are merged.
    case bicubic

    var support: Double { self == .bilinear ? 1 : 2 }

    func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        switch self {
        case .bilinear: return x < 1 ? 1 - x : 0
        case .bicubic:
            // Keys' cubic convolution with a = -1/2.
            if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
            if x < 2 { return ((-0.5 * x + 2.5) * x - 4) * x + 2 }
            return 0
        }
    }
}

/// The weights of one pass of a resize in 22-bit fixed point: the filter grows with the step when pixels are merged, so
/// that every source pixel counts (as in Pillow).
struct ResampleTable {
    var starts: [Int32] = []
    var lengths: [Int32] = []
    var weights: [Int32] = []
    var stride = 0

    init(from inputSize: Int, to outputSize: Int, filter: ResizeFilter) {
        let scale = Double(inputSize) / Double(outputSize)
        let stretch = max(scale, 1)
        let support = filter.support * stretch
        stride = Int(support.rounded(.up)) * 2 + 1
        starts.reserveCapacity(outputSize)
        lengths.reserveCapacity(outputSize)
        weights = [Int32](repeating: 0, count: outputSize * stride)
        var exact = [Double](repeating: 0, count: stride)
        for position in 0..<outputSize {
            let center = (Double(position) + 0.5) * scale
            let start = max(0, Int(center - support + 0.5))
            let length = min(inputSize, Int(center + support + 0.5)) - start
            var sum = 0.0
            for i in 0..<length {
                exact[i] = filter.weight((Double(i + start) - center + 0.5) / stretch)
                sum += exact[i]
            }
            for i in 0..<length {
                let weight = sum == 0 ? exact[i] : exact[i] / sum
                weights[position * stride + i] = Int32((weight * Double(1 << 22)).rounded(.toNearestOrAwayFromZero))
            }
            starts.append(Int32(start))
            lengths.append(Int32(length))
        }
    }
}
