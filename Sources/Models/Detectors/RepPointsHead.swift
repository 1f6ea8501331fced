import Autograd
import Layers
import Tensors

/// The layers of RepPoints' head; names and first values are mmdetection's.
package struct RepPointsHead: Head {
    static let path = "bbox_head"
    /// Of points at each place, a 3x3 grid to begin with.
    static let points = 9
    package let specification: RepPointsHeadSpecification
    package var classes: Int { specification.classes }
    private let classTower: [NormedConvolution]
    private let pointTower: [NormedConvolution]
    private let firstPoints: (convolution: Convolution, output: Linear)
    private let scores: (convolution: DeformableConvolution, output: Linear)
    private let refinement: (convolution: DeformableConvolution, output: Linear)
    /// [2], where boxes are made by moments.
    package let transfer: Parameter?

    init(_ scope: Scope, _ specification: RepPointsHeadSpecification, inputs: Int, channels: Int) {
        self.specification = specification
        func tower(_ name: String) -> [NormedConvolution] {
            SharedTower.layers(
                scope[name], inputs: inputs, channels: channels, convolutions: specification.convolutions,
                groups: specification.groups)
        }
        func output(_ name: String, _ outputs: Int, bias: Double = 0) -> Linear {
            Linear(
                scope[name], inputs: channels, outputs: outputs, layout: .pointwise,
                initializer: .normal(deviation: 0.01), biasInitializer: .constant(bias))
        }
        let before = specification.convolutions == 0 ? inputs : channels
        // Kaiming-uniform for relu.
        func deformed(_ name: String) -> DeformableConvolution {
            DeformableConvolution(
                scope[name], inputs: before, outputs: channels, kernel: 3, padding: 1,
                initializer: .uniform(bound: (6 / Double(9 * before)).squareRoot()))
        }
        classTower = tower("cls_convs")
        pointTower = tower("reg_convs")
        scores = (
            deformed("reppoints_cls_conv"),
            output("reppoints_cls_out", specification.classes, bias: SharedTower.rareBias)
        )
        firstPoints = (
            Convolution(
                scope["reppoints_pts_init_conv"], inputs: before, outputs: channels, kernel: 3, padding: 1,
                initializer: .normal(deviation: 0.01)), output("reppoints_pts_init_out", 2 * Self.points)
        )
        refinement = (
            deformed("reppoints_pts_refine_conv"), output("reppoints_pts_refine_out", 2 * Self.points)
        )
        transfer =
            specification.transform == .moment
            ? scope.parameter("moment_transfer", [2], role: .bias, initializer: .constant(0)) : nil
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        let levels = features.maps.map { level($0, context) }
        return levels.map(\.classes) + levels.map(\.first) + levels.map(\.refined)
            + (transfer.map { [context[$0]] } ?? [])
    }

    private func level<S: Scalar>(
        _ map: Variable<S>, _ context: Context<S>
    ) -> (classes: Variable<S>, first: Variable<S>, refined: Variable<S>) {
        let seen = classTower.reduce(map) { $1($0, context) }
        let placed = pointTower.reduce(map) { $1($0, context) }
        let first = firstPoints.output(activated(firstPoints.convolution(placed, context)), context)
        let offsets = inHead { Self.offsets(first) }
        let classes = scores.output(activated(scores.convolution(seen, offsets: offsets, context)), context)
        let moved = refinement.output(activated(refinement.convolution(placed, offsets: offsets, context)), context)
        return (classes, first, inHead { moved + first.detached })
    }

    /// From the taps of a 3x3 kernel to the points, a tenth of whose gradient reaches them through the taps.
    private static func offsets<S: Scalar>(_ points: Variable<S>) -> Variable<S> {
        var grid: [S] = []
        for tap in 0..<Self.points { grid += [S(tap / 3 - 1), S(tap % 3 - 1)] }
        let kept = points.value.scaled(by: 0.9) - Tensor([2 * Self.points], grid)
        return points.scaled(by: 0.1) + Variable(kept)
    }

    private func activated<S: Scalar>(_ x: Variable<S>) -> Variable<S> { inHead { x.relu() } }

    private func inHead<T>(_ body: () -> T) -> T { LayerPath.$current.withValue(Self.path, operation: body) }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        try trace.levels(Self.path, "RepPoints head", maps) { map in
            let seen = try classTower.reduce(map) { try $1.trace($0, trace) }
            let placed = try pointTower.reduce(map) { try $1.trace($0, trace) }
            _ = try firstPoints.output.trace(try firstPoints.convolution.trace(placed, trace), trace)
            _ = try refinement.output.trace(try refinement.convolution.trace(placed, trace), trace)
            if let transfer {
                trace.enter("moment_transfer", "factors of deviations", parameters: [transfer]) { ([2], 0) }
            }
            return try scores.output.trace(try scores.convolution.trace(seen, trace), trace)
        }
    }
}
