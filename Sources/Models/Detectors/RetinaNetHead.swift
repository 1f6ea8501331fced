import Autograd
import Layers
import Tensors

/// The layers of RetinaNet's head; names and first values are mmdetection's, which has them from the paper.
package struct RetinaNetHead: Head {
    static let path = "bbox_head"
    package let specification: RetinaNetHeadSpecification
    package var classes: Int { specification.classes }
    private let scores: SharedTower
    private let boxes: SharedTower

    init(_ scope: Scope, _ specification: RetinaNetHeadSpecification, inputs: Int, channels: Int) {
        self.specification = specification
        let anchors = specification.anchors.perCell
        func tower(_ layers: String, _ last: String, _ outputs: Int, bias: Double) -> SharedTower {
            SharedTower(
                scope, layers: layers, last: last, inputs: inputs, channels: channels, outputs: outputs,
                convolutions: specification.convolutions, groups: specification.groups, bias: bias)
        }
        scores = tower("cls_convs", "retina_cls", anchors * specification.classes, bias: SharedTower.rareBias)
        boxes = tower("reg_convs", "retina_reg", anchors * 4, bias: 0)
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        features.maps.map { scores($0, context) } + features.maps.map { boxes($0, context) }
    }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        try trace.levels(Self.path, "RetinaNet head", maps) {
            _ = try boxes.trace($0, trace)
            return try scores.trace($0, trace)
        }
    }
}

/// Convolutions with relu, then one without: layers that all levels share.
struct SharedTower: Sendable {
    /// -ln 99: with it a fresh layer sees objects with a probability of a hundredth.
    static let rareBias = -4.595_119_850_134_59

    let layers: [NormedConvolution]
    private let last: Convolution

    init(
        _ scope: Scope, layers: String, last: String, inputs: Int, channels: Int, outputs: Int, convolutions: Int,
        groups: Int, bias: Double
    ) {
        self.layers = Self.layers(
            scope[layers], inputs: inputs, channels: channels, convolutions: convolutions, groups: groups)
        self.last = Convolution(
            scope[last], inputs: convolutions == 0 ? inputs : channels, outputs: outputs, kernel: 3, padding: 1,
            initializer: .normal(deviation: 0.01), biasInitializer: .constant(bias))
    }

    /// The layers before the last one.
    static func layers(
        _ scope: Scope, inputs: Int, channels: Int, convolutions: Int, groups: Int
    ) -> [NormedConvolution] {
        (0..<convolutions).map {
            NormedConvolution(
                scope[$0], inputs: $0 == 0 ? inputs : channels, outputs: channels, kernel: 3, groups: groups,
                activates: true, initializer: .normal(deviation: 0.01))
        }
    }

    func callAsFunction<S: Scalar>(_ map: Variable<S>, _ context: Context<S>) -> Variable<S> {
        last(layers.reduce(map) { $1($0, context) }, context)
    }

    func trace(_ map: Shape, _ trace: ModelTrace) throws -> Shape {
        try last.trace(try layers.reduce(map) { try $1.trace($0, trace) }, trace)
    }
}

extension ModelTrace {
    /// Enters layers that all levels share: with their parameters at the first level, and once more at each other one.
    func levels(_ name: String, _ kind: String, _ maps: [Shape], _ body: (Shape) throws -> Shape) throws {
        try enter(name, kind) {
            var output = maps[0]
            try enter("level0", "level") {
                output = try body(maps[0])
                return (output, 0)
            }
            for (level, map) in maps.enumerated().dropFirst() {
                try enterAgain("level\(level)", "level, by the same layers") { try body(map) }
            }
            return (output, 0)
        }
    }
}
