import CImages
import Tensors

// Operations that masks need to follow, and those of their recipes.
extension Canvas {
    /// Each pixel from where the displacements say, bilinear; black beyond the edges.
    mutating func warp(_ warp: Warp) {
        materialize()
        moved(.warp(size, warp))
        let target = free()
        let output = scratch[target].reserve(width * height * channels)
        var places = [Double](repeating: 0, count: 2 * width)
        for y in 0..<height {
            for x in 0..<width {
                let place = warp.displaced(Point(Double(x) + 0.5, Double(y) + 0.5))
                (places[2 * x], places[2 * x + 1]) = (place.x, place.y)
            }
            hb_sample_places(
                view.pixels, view.width, view.height, view.channels, places, view.width,
                output + y * width * channels)
        }
        adopt(target, width: width, height: height)
    }

    /// Turned or mirrored, see `Motion.reorient`.
    package mutating func reorient(_ orientation: Int) {
        materialize()
        let next = Motion.reorient(size, orientation)
        let target = free()
        let output = scratch[target].reserve(width * height * channels)
        for y in 0..<height {
            hb_place_row(
                view.pixels + y * width * channels, view.width, view.height, view.channels, Int32(orientation),
                Int32(y),
                output)
        }
        moved(next)
        adopt(target, width: next.target.width, height: next.target.height)
    }

    /// Multiplies the saturation that a color has in HSV, up to the purest color.
    mutating func scaleSaturation(_ factor: Double) {
        guard channels == 3 else { return }
        hb_scale_saturation(editable(), width * height, Float(factor))
    }
}
