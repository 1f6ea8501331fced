/// A map of the plane: x' = xx x + xy y + x0 and y' = yx x + yy y + y0.
struct Affine: Sendable, Equatable {
    var (xx, xy, x0): (Double, Double, Double)
    var (yx, yy, y0): (Double, Double, Double)

    static let identity = Affine(1, 0, 0, 0, 1, 0)

    /// Row by row.
    init(_ xx: Double, _ xy: Double, _ x0: Double, _ yx: Double, _ yy: Double, _ y0: Double) {
        (self.xx, self.xy, self.x0, self.yx, self.yy, self.y0) = (xx, xy, x0, yx, yy, y0)
    }

    var matrix: [Double] { [xx, xy, x0, yx, yy, y0] }
    var determinant: Double { xx * yy - xy * yx }
    /// Whether columns stay columns and rows stay rows.
    var isAligned: Bool { xy == 0 && yx == 0 }

    func callAsFunction(_ point: Point) -> Point {
        Point(xx * point.x + xy * point.y + x0, yx * point.x + yy * point.y + y0)
    }

    /// This map after another one.
    func after(_ first: Affine) -> Affine {
        Affine(
            xx * first.xx + xy * first.yx, xx * first.xy + xy * first.yy, xx * first.x0 + xy * first.y0 + x0,
            yx * first.xx + yy * first.yx, yx * first.xy + yy * first.yy, yx * first.x0 + yy * first.y0 + y0)
    }

    /// Nil where the plane is pressed onto a line, or so nearly that numbers do not tell it from that.
    var inverse: Affine? {
        let result = Affine(
            yy / determinant, -xy / determinant, (xy * y0 - yy * x0) / determinant,
            -yx / determinant, xx / determinant, (yx * x0 - xx * y0) / determinant)
        return determinant.isFinite && determinant != 0 && result.isFinite ? result : nil
    }

    private var isFinite: Bool {
        xx.isFinite && xy.isFinite && x0.isFinite && yx.isFinite && yy.isFinite && y0.isFinite
    }
}
