import Datasets
import Tensors

/// Boxes for tests, and what is computed with them in the plainest way.
enum MadeBoxes {
    static func some(_ count: Int, _ random: inout Random, within side: Double = 200) -> [Box] {
        (0..<count).map { _ in
            let (x, y) = (random.uniform(0, side), random.uniform(0, side))
            return Box(left: x, top: y, right: x + random.uniform(1, side / 3), bottom: y + random.uniform(1, side / 3))
        }
    }

    /// Whole numbers, so that equal overlaps are frequent.
    static func whole(_ count: Int, _ random: inout Random) -> [Box] {
        (0..<count).map { _ in
            let (x, y) = (Double(random.integer(below: 20)), Double(random.integer(below: 20)))
            return Box(
                left: x, top: y, right: x + 1 + Double(random.integer(below: 8)),
                bottom: y + 1 + Double(random.integer(below: 8)))
        }
    }

    static func overlap(_ one: Box, _ other: Box) -> Double {
        let width = max(min(one.right, other.right) - max(one.left, other.left), 0)
        let height = max(min(one.bottom, other.bottom) - max(one.top, other.top), 0)
        let common = width * height
        let whole = one.area + other.area - common
        return whole > 0 ? common / whole : 0
    }
}
