import Datasets
import Foundation

/// On which map of a pyramid a region is looked at: the larger it is, the coarser (Lin et al., "Feature pyramid networks
/// for object detection", 2017, equation 1).
public struct RegionLevels: Codable, Hashable, Sendable {
    /// Where the guard against rounding stands: outside the logarithm in torchvision's rule, inside in mmdetection's.
    public var style: DetectorStyle
    /// How many maps there are.
    public var count: Int
    /// The stride of the finest map.
    public var finestStride: Int

    /// - Parameter count: how many maps regions are looked at on; the coarsest of a pyramid is often none of them.
    public init(style: DetectorStyle, count: Int = 4, finestStride: Int = 4) {
        (self.style, self.count, self.finestStride) = (style, count, finestStride)
    }

    /// The index of a region's map, 0 being the finest.
    public func level(of region: Box) -> Int {
        let root = max(0, region.area).squareRoot()
        let found: Double
        switch style {
        case .torchvision:
            found = (4 + log2(root / 224) + 1e-6).rounded(.down) - log2(Double(finestStride)).rounded()
        case .mmdetection: found = log2(root / 56 + 1e-6).rounded(.down)
        }
        return Int(min(max(found, 0), Double(max(0, count - 1))))
    }
}
