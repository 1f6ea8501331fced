/// A picture while objects are drawn on it.
struct ObjectCanvas {
    var sheet: PixelSheet
    /// The thickness of lines and the side of a letter's dot, in pixels.
    let scale: Int

    init(_ picture: ObjectPicture) {
        sheet = PixelSheet(picture)
        scale = max(1, (max(picture.width, picture.height) + 200) / 400)
    }

    /// A rectangle of whole pixels, its ends not in it.
    struct Area: Equatable {
        var left: Int
        var top: Int
        var right: Int
        var bottom: Int

        var width: Int { right - left }
        var height: Int { bottom - top }

        func grown(by size: Int) -> Area {
            Area(left: left - size, top: top - size, right: right + size, bottom: bottom + size)
        }

        /// How many pixels two have in common.
        func overlap(_ other: Area) -> Int {
            max(0, min(right, other.right) - max(left, other.left))
                * max(0, min(bottom, other.bottom) - max(top, other.top))
        }
    }

    /// The pixels of a box, at least one, within the picture; nil for a box that is none or lies beside it.
    func area(_ box: DrawnObject.Box) -> Area? {
        let sides = [box.left, box.top, box.right, box.bottom]
        guard sides.allSatisfy(\.isFinite), box.right >= box.left, box.bottom >= box.top,
            box.left < Double(sheet.width), box.top < Double(sheet.height), box.right >= 0, box.bottom >= 0
        else { return nil }
        let left = min(max(Int(bounded: box.left.rounded()), 0), sheet.width - 1)
        let top = min(max(Int(bounded: box.top.rounded()), 0), sheet.height - 1)
        let right = min(max(Int(bounded: box.right.rounded()), left + 1), sheet.width)
        let bottom = min(max(Int(bounded: box.bottom.rounded()), top + 1), sheet.height)
        return Area(left: left, top: top, right: right, bottom: bottom)
    }

    // MARK: Masks

    /// Paints what an object covers half transparent, its rim stronger.
    mutating func fill(_ object: DrawnObject) {
        guard let mask = object.mask else { return }
        let rows = max(0, mask.y)..<max(max(0, mask.y), min(sheet.height, mask.y + mask.height))
        let columns = max(0, mask.x)..<max(max(0, mask.x), min(sheet.width, mask.x + mask.width))
        for v in rows {
            for u in columns where mask.covers(u, v) {
                let isRim =
                    !mask.covers(u - 1, v) || !mask.covers(u + 1, v) || !mask.covers(u, v - 1)
                    || !mask.covers(u, v + 1)
                sheet.blend(u, v, object.color, share: isRim ? 224 : 112)
            }
        }
    }

    // MARK: Outlines

    /// Draws an object's box in its color, with a line around it that is dark beside a bright color and bright beside a
    /// dark one: one of the two stands out on any background.
    mutating func outline(_ object: DrawnObject) {
        guard var area = area(object.box) else { return }
        // A small object is not hidden by its own outline.
        if min(area.width, area.height) < 5 * scale { area = area.grown(by: scale) }
        let dash: Int? =
            switch object.style {
            case .solid: nil
            case .dashed: 4 * scale
            case .dotted: 2 * scale
            }
        // A line as thin as the one around it would look like that one.
        let line = min(area.width, area.height) < 20 * scale ? scale : scale + 1
        let casing = max(1, scale / 2)
        ring(area.grown(by: casing), thickness: casing, dash: dash, color: object.color.counterpart)
        ring(area, thickness: line, dash: dash, color: object.color)
    }

    /// The pixels within an area that are not farther from its rim than the thickness.
    /// - Parameter dash: the length of a dash and of the gap behind it; nil for a whole line.
    private mutating func ring(_ area: Area, thickness: Int, dash: Int?, color: Colormap.Color) {
        func isDrawn(_ place: Int) -> Bool { dash.map { (place / $0).isMultiple(of: 2) } ?? true }
        for u in max(0, area.left)..<max(max(0, area.left), min(sheet.width, area.right)) where isDrawn(u) {
            for depth in 0..<min(thickness, area.height) {
                set(u, area.top + depth, color)
                set(u, area.bottom - 1 - depth, color)
            }
        }
        for v in max(0, area.top)..<max(max(0, area.top), min(sheet.height, area.bottom)) where isDrawn(v) {
            for depth in 0..<min(thickness, area.width) {
                set(area.left + depth, v, color)
                set(area.right - 1 - depth, v, color)
            }
        }
    }

    private mutating func set(_ x: Int, _ y: Int, _ color: Colormap.Color) {
        if x >= 0, y >= 0, x < sheet.width, y < sheet.height { sheet.set(x, y, color) }
    }
}

extension Colormap.Color {
    /// As bright as eyes find it, 0...255.
    var brightness: Int { (299 * Int(red) + 587 * Int(green) + 114 * Int(blue)) / 1000 }

    /// Nearly black for a bright color, white for a dark one.
    var counterpart: Colormap.Color {
        brightness >= 110 ? .init(red: 16, green: 18, blue: 22) : .init(red: 255, green: 255, blue: 255)
    }
}

extension PixelSheet {
    init(_ picture: ObjectPicture) {
        self.init(width: picture.width, height: picture.height, channels: 3)
        copy(picture.pixels, width: picture.width, height: picture.height, x: 0, y: 0)
    }

    /// Lays a color over a pixel, of which `share` 256ths are then seen.
    mutating func blend(_ x: Int, _ y: Int, _ color: Colormap.Color, share: Int) {
        let at = (y * width + x) * channels
        func mix(_ below: UInt8, _ above: UInt8) -> UInt8 {
            UInt8((Int(below) * (256 - share) + Int(above) * share) >> 8)
        }
        set(
            x, y,
            .init(
                red: mix(pixels[at], color.red), green: mix(pixels[at + 1], color.green),
                blue: mix(pixels[at + 2], color.blue)))
    }
}
