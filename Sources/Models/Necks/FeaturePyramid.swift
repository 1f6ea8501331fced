import Autograd
import Layers
import Tensors

/// A feature pyramid: each map through a 1x1 convolution, the sums of these from the coarsest to the finest, and an output
/// of each sum; behind them a way upward where there is one, and further levels. Parameter names are mmsegmentation's and
/// mmdetection's; weights start Xavier-uniform or as torchvision's do, and biases at 0.
package struct FeaturePyramid: Neck {
    static let path = "neck"
    package let specification: FeaturePyramidSpecification
    private let laterals: [any Layer]
    private let outputs: [any Layer]
    /// PAFPN's: from each output to the next coarser one, and behind the sums.
    private let steps: [any Layer]
    private let sums: [any Layer]
    /// The further levels that are convolved.
    private let extras: [any Layer]

    /// Parameters lie directly under the scope.
    /// - Parameter inputs: the channels of the maps that the pyramid reads.
    package init(_ scope: Scope, _ specification: FeaturePyramidSpecification, inputs: [Int]) throws {
        self.specification = specification
        let channels = specification.channels
        func layer(_ scope: Scope, _ inputs: Int, kernel: Int, stride: Int = 1) -> NormedConvolution {
            NormedConvolution(
                scope, inputs: inputs, outputs: channels, kernel: kernel, stride: stride, groups: specification.groups,
                initializer: specification.initializer)
        }
        laterals = inputs.enumerated().map { layer(scope["lateral_convs"][$0], $1, kernel: 1) }
        outputs = try inputs.indices.map { level in
            let scope = scope["fpn_convs"][level]
            guard specification.groups == 0 else { return layer(scope, channels, kernel: 3) }
            return try specification.fusion.layer(
                scope, inputs: channels, outputs: channels, normalizes: false, filter: specification.filter,
                initializer: specification.initializer)
        }
        let isConvolved = specification.extra != .pool
        extras = (0..<(isConvolved ? specification.extraLevels : 0)).map { number in
            let readsImage = number == 0 && specification.extra == .c5
            return layer(
                scope["fpn_convs"][inputs.count + number], readsImage ? inputs[inputs.count - 1] : channels, kernel: 3,
                stride: 2)
        }
        let rises = specification.upward ? inputs.count - 1 : 0
        steps = (0..<rises).map { layer(scope["downsample_convs"][$0], channels, kernel: 3, stride: 2) }
        sums = (0..<rises).map { layer(scope["pafpn_convs"][$0], channels, kernel: 3) }
    }

    package func taps(_ backbone: [FeatureTap]) -> [FeatureTap] {
        func tap(_ stride: Int, _ height: Int, _ width: Int, pooled: Bool = false) -> FeatureTap {
            FeatureTap(
                name: Self.tapName(stride: stride, pooled: pooled), stride: stride, channels: specification.channels,
                height: height, width: width)
        }
        var taps = backbone.dropFirst(specification.firstStage).map { tap($0.stride, $0.height, $0.width) }
        for _ in 0..<specification.extraLevels {
            guard let last = taps.last else { break }
            taps.append(
                tap(
                    2 * last.stride, (last.height + 1) / 2, (last.width + 1) / 2,
                    pooled: specification.extra == .pool))
        }
        return taps
    }

    /// `neck.P3` at a stride of 8 pixels, as papers count levels; `neck.P6pool` for every second pixel of the level before.
    private static func tapName(stride: Int, pooled: Bool) -> String {
        let isPower = stride > 0 && stride & (stride - 1) == 0
        return path + "." + (isPower ? "P\(stride.trailingZeroBitCount)" : "stride\(stride)") + (pooled ? "pool" : "")
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> Features<S> {
        let given = Array(features.maps.dropFirst(specification.firstStage))
        var sums = zip(laterals, given).map { $0($1, context) }
        LayerPath.$current.withValue(Self.path) {
            for level in sums.indices.dropFirst().reversed() {
                let (finer, coarser) = (sums[level - 1], sums[level])
                sums[level - 1] =
                    finer + coarser.resized(height: finer.shape[1], width: finer.shape[2], .nearest)
            }
        }
        let found = risen(zip(outputs, sums).map { Self.both($0, $1, context) }, context)
        var (maps, plain) = (found.map(\.result), found.map(\.plain))
        guard specification.extra != .pool else {
            LayerPath.$current.withValue(Self.path) {
                for _ in 0..<specification.extraLevels {
                    maps.append(maps[maps.count - 1].maxPooled(kernel: 1, stride: 2))
                }
            }
            return shown(maps, plain + maps.suffix(specification.extraLevels))
        }
        var source =
            switch specification.extra {
            case .c5: given[given.count - 1]
            case .lateral: sums[sums.count - 1]
            case .p5, .pool: maps[maps.count - 1]
            }
        for (number, layer) in extras.enumerated() {
            if number > 0, specification.reluBeforeExtra {
                source = LayerPath.$current.withValue(Self.path) { source.relu() }
            }
            let both = Self.both(layer, source, context)
            source = both.result
            maps.append(source)
            plain.append(both.plain)
        }
        return shown(maps, plain)
    }

    /// A level's map, and what it was before its norm.
    private typealias Level<S: Scalar> = (plain: Variable<S>, result: Variable<S>)

    private static func both<S: Scalar>(_ layer: any Layer, _ x: Variable<S>, _ context: Context<S>) -> Level<S> {
        if let layer = layer as? NormedConvolution { return layer.both(x, context) }
        let y = layer(x, context)
        return (y, y)
    }

    private func shown<S: Scalar>(_ maps: [Variable<S>], _ plain: [Variable<S>]) -> Features<S> {
        var features = Features(maps: maps)
        if specification.groups > 0 { features.shown = plain }
        return features
    }

    /// PAFPN's way from the finest output to the coarsest.
    private func risen<S: Scalar>(_ levels: [Level<S>], _ context: Context<S>) -> [Level<S>] {
        guard specification.upward else { return levels }
        var maps = levels.map(\.result)
        for (level, layer) in steps.enumerated() {
            let step = layer(maps[level], context)
            maps[level + 1] = LayerPath.$current.withValue(Self.path) { maps[level + 1] + step }
        }
        return [levels[0]] + zip(sums, maps.dropFirst()).map { Self.both($0, $1, context) }
    }
}

extension FeaturePyramid {
    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws -> [Shape] {
        let given = Array(maps.dropFirst(specification.firstStage))
        var shapes: [Shape] = []
        try trace.enter(Self.path, "feature pyramid") {
            for level in given.indices {
                let sum = try Self.enter(trace, "lateral_convs.\(level)") {
                    try laterals[level].trace(given[level], trace)
                }
                shapes.append(
                    try Self.enter(trace, "fpn_convs.\(level)") { try outputs[level].trace(sum, trace) })
            }
            for level in steps.indices {
                try Self.enter(trace, "downsample_convs.\(level)") { try steps[level].trace(shapes[level], trace) }
                try Self.enter(trace, "pafpn_convs.\(level)") { try sums[level].trace(shapes[level + 1], trace) }
            }
            if specification.extra == .pool {
                for _ in 0..<specification.extraLevels {
                    let last = shapes[shapes.count - 1]
                    shapes.append([last[0], (last[1] + 1) / 2, (last[2] + 1) / 2, last.columns])
                }
            }
            for (number, layer) in extras.enumerated() {
                let last = shapes[shapes.count - 1]
                let isFirst = number == 0 && specification.extra == .c5
                let source = isFirst ? given[given.count - 1] : last
                shapes.append(
                    try Self.enter(trace, "fpn_convs.\(given.count + number)") { try layer.trace(source, trace) })
            }
            return (shapes[0], 0)
        }
        return shapes
    }

    @discardableResult
    private static func enter(_ trace: ModelTrace, _ name: String, _ body: () throws -> Shape) rethrows -> Shape {
        try trace.enter(name, "level") { (try body(), 0) }
    }
}
