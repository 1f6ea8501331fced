/// The constants of COCO's evaluation, as the reference computes them.
enum EvaluationRules {
    /// The overlaps .5, .55, ... .95.
    static let overlaps: [Double] = {
        let step: Double = (0.95 - 0.5) / 9
        return (0..<9).map { Double($0) * step + 0.5 } + [0.95]
    }()
    /// The recalls 0, .01, ... 1.
    static let recalls: [Double] = (0..<100).map { Double($0) * 0.01 } + [1]
    /// The areas of all, small, medium and large objects; both bounds belong to each.
    static let areas: [ClosedRange<Double>] = [
        0...1e10, 0...1024, 1024...9216, 9216...1e10,
    ]
    /// How many detections of an image and class count.
    static let most = 100

    /// Bit of a threshold within an area range.
    static func bit(area: Int, overlap: Int) -> UInt64 { 1 << UInt64(area * 10 + overlap) }
    /// The bits of all thresholds of an area range.
    static func bits(area: Int) -> UInt64 { 0x3FF << UInt64(area * 10) }
}
