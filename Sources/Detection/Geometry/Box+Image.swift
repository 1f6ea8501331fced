import Datasets
import Tensors

extension Box {
    /// The part of the box that lies in an image; a box beside it becomes a line or a point on its edge.
    /// - Parameter size: height and width of the image in pixels.
    public func clipped(to size: Pair) -> Box {
        let (width, height) = (Double(size.width), Double(size.height))
        return Box(
            left: min(max(left, 0), width), top: min(max(top, 0), height), right: min(max(right, 0), width),
            bottom: min(max(bottom, 0), height))
    }

    /// Whether both sides are long enough: at least `least` pixels by torchvision's rules, more than that by mmdetection's.
    public func isLarge(_ least: Double, _ style: DetectorStyle) -> Bool {
        switch style {
        case .torchvision: width >= least && height >= least
        case .mmdetection: width > least && height > least
        }
    }
}
