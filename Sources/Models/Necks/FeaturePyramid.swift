import Autograd
import Layers
import Tensors

/// A feature pyramid: each map through a 1x1 convolution, the sums of these from the coarsest to the finest, and an output
/// of each sum. Parameter names are mmsegmentation's; weights start Xavier-uniform and biases at 0.
package struct FeaturePyramid: Neck {
    static let path = "neck"
    package let specification: FeaturePyramidSpecification
    private let laterals: [Linear]
    private let outputs: [any Layer]

    /// Parameters lie directly under the scope.
    package init(_ scope: Scope, _ specification: FeaturePyramidSpecification, inputs: [Int]) throws {
        self.specification = specification
        let channels = specification.channels
        laterals = inputs.enumerated().map {
            Linear(
                scope["lateral_convs"][$0]["conv"], inputs: $1, outputs: channels, layout: .pointwise,
                initializer: .xavierUniform)
        }
        outputs = try inputs.indices.map {
            try specification.fusion.layer(
                scope["fpn_convs"][$0], inputs: channels, outputs: channels, normalizes: false,
                filter: specification.filter, initializer: .xavierUniform)
        }
    }

    package func taps(_ backbone: [FeatureTap]) -> [FeatureTap] {
        func tap(_ level: Int, _ stride: Int, _ height: Int, _ width: Int) -> FeatureTap {
            FeatureTap(
                name: "neck\(level)", stride: stride, channels: specification.channels, height: height, width: width)
        }
        var taps = backbone.enumerated().map { tap($0, $1.stride, $1.height, $1.width) }
        for _ in 0..<specification.extraLevels {
            guard let last = taps.last else { break }
            taps.append(tap(taps.count, 2 * last.stride, (last.height + 1) / 2, (last.width + 1) / 2))
        }
        return taps
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> Features<S> {
        var sums = zip(laterals, features.maps).map { $0($1, context) }
        LayerPath.$current.withValue(Self.path) {
            for level in sums.indices.dropFirst().reversed() {
                let (finer, coarser) = (sums[level - 1], sums[level])
                sums[level - 1] =
                    finer + coarser.resized(height: finer.shape[1], width: finer.shape[2], .nearest)
            }
        }
        var maps = zip(outputs, sums).map { $0($1, context) }
        LayerPath.$current.withValue(Self.path) {
            for _ in 0..<specification.extraLevels { maps.append(maps[maps.count - 1].maxPooled(kernel: 1, stride: 2)) }
        }
        return Features(maps: maps)
    }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws -> [Shape] {
        var shapes: [Shape] = []
        try trace.enter(Self.path, "feature pyramid") {
            for level in maps.indices {
                let sum = try Self.enter(trace, "lateral_convs.\(level)") {
                    try laterals[level].trace(maps[level], trace)
                }
                shapes.append(
                    try Self.enter(trace, "fpn_convs.\(level)") { try outputs[level].trace(sum, trace) })
            }
            for _ in 0..<specification.extraLevels {
                let last = shapes[shapes.count - 1]
                shapes.append([last[0], (last[1] + 1) / 2, (last[2] + 1) / 2, last.columns])
            }
            return (shapes[0], 0)
        }
        return shapes
    }

    private static func enter(_ trace: ModelTrace, _ name: String, _ body: () throws -> Shape) rethrows -> Shape {
        try trace.enter(name, "level") { (try body(), 0) }
    }
}
