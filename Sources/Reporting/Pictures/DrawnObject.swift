/// One object as a picture shows it, in continuous coordinates of the picture: a box that covers pixels 2, 3 and 4 of a
/// row begins at 2 and ends at 5.
package struct DrawnObject: Sendable, Equatable {
    /// How an outline is drawn.
    package enum Style: Sendable {
        case solid
        /// For what is not there: an object that was missed.
        case dashed
        /// For what does not count: a crowd.
        case dotted
    }

    /// A rectangle by its sides.
    package struct Box: Sendable, Equatable {
        package var left: Double
        package var top: Double
        package var right: Double
        package var bottom: Double

        package init(left: Double, top: Double, right: Double, bottom: Double) {
            (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
        }
    }

    package var box: Box
    /// What it is, in words; may be empty.
    package var name: String
    /// What stands behind the name, and alone where there is no room for both: a score, `0.93`. May be empty.
    package var detail: String
    package var color: Colormap.Color
    /// The pixels it covers; nil draws its box alone.
    package var mask: DrawnMask?
    package var style: Style

    /// - Parameters:
    ///   - name: what it is, in words.
    ///   - detail: behind the name, and alone where there is no room for both.
    package init(
        box: Box, name: String = "", detail: String = "", color: Colormap.Color, mask: DrawnMask? = nil,
        style: Style = .solid
    ) {
        (self.box, self.name, self.detail) = (box, name, detail)
        (self.color, self.mask, self.style) = (color, mask, style)
    }

    /// The same in a picture of another size.
    /// - Parameters:
    ///   - x: how much wider the other picture is.
    ///   - y: how much higher it is.
    package func scaled(x: Double, y: Double) -> DrawnObject {
        var result = self
        result.box = Box(left: box.left * x, top: box.top * y, right: box.right * x, bottom: box.bottom * y)
        result.mask = mask?.scaled(x: x, y: y)
        return result
    }
}

extension DrawnObject {
    /// What became of an object of the truth or of an answer.
    package enum Verdict: Sendable, CaseIterable {
        /// An answer that is right.
        case found
        /// An answer to which there is no object.
        case wrong
        /// An object without an answer.
        case missed
        /// What does not count: a crowd, and answers in it.
        case ignored

        /// Green, red, yellow and gray, told apart without seeing red and green, too.
        package var color: Colormap.Color {
            switch self {
            case .found: .init(red: 0, green: 190, blue: 130)
            case .wrong: .init(red: 225, green: 55, blue: 35)
            case .missed: .init(red: 255, green: 205, blue: 0)
            case .ignored: .init(red: 160, green: 160, blue: 160)
            }
        }

        package var style: Style {
            switch self {
            case .found, .wrong: .solid
            case .missed: .dashed
            case .ignored: .dotted
            }
        }
    }

    /// The same in the color and the style of what became of it.
    package func judged(_ verdict: Verdict) -> DrawnObject {
        var result = self
        (result.color, result.style) = (verdict.color, verdict.style)
        return result
    }
}
