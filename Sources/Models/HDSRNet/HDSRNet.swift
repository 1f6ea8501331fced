import Autograd
import Layers
import Tensors

/// The two branches of an HDSRNet and their product.
package struct HDSRNet: Backbone {
    package let specification: HDSRNetSpecification

    private let shift: MeanShift
    private let entry: Convolution
    private let groups: [HeterogeneousGroup]
    private let lower: [Convolution]

    init(_ scope: Scope, _ specification: HDSRNetSpecification) {
        self.specification = specification
        let (width, channels) = (specification.width, specification.inputChannels)
        shift = MeanShift(scope["sub_mean"], channels: channels, sign: -1)
        let upper = scope["upper"]
        entry = .plain3x3(upper[0], inputs: channels, outputs: width)
        groups = (0..<specification.groups).map { index in
            HeterogeneousGroup(upper, first: 1 + 3 * index, width: width, experts: specification.experts)
        }
        lower = (0..<specification.depth).map { layer in
            .plain3x3(scope["lower"][layer], inputs: layer == 0 ? channels : width, outputs: width)
        }
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        let centered = shift(images, context)
        var above = rectified(entry(centered, context))
        for group in groups { above = context.checkpointed(above, at: group.path) { group($0, $1) } }
        let below = symmetric(centered, context)
        return Features(maps: [LayerPath.$current.withValue("product") { above * below }])
    }

    private func rectified<S: Scalar>(_ x: Variable<S>) -> Variable<S> {
        LayerPath.$current.withValue("relu") { x.relu() }
    }

    /// The lower branch: to what a layer of its second half says the layer that mirrors it is added.
    private func symmetric<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Variable<S> {
        var said: [Variable<S>] = []
        var x = images
        for (index, layer) in lower.enumerated() {
            said.append(rectified(layer(x, context)))
            let mirror = lower.count - 1 - index
            x = mirror < index ? said[index] + said[mirror] : said[index]
        }
        return x
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        let centered = try trace.enter("sub_mean", "shift by the mean color") { (try shift.trace(image, trace), 0) }
        try trace.enter("upper", "branch of heterogeneous groups") {
            var x = try entry.trace(centered, trace)
            for group in groups { x = try group.trace(x, trace) }
            return (x, 0)
        }
        return [
            try trace.enter("lower", "branch with symmetric skips") {
                (try lower.reduce(centered) { try $1.trace($0, trace) }, 0)
            }
        ]
    }
}

extension Convolution {
    /// As all layers of HDSRNet: 3x3, of the map's own size, without a bias.
    fileprivate static func plain3x3(_ scope: Scope, inputs: Int, outputs: Int, dilation: Int = 1) -> Convolution {
        Convolution(
            scope, inputs: inputs, outputs: outputs, kernel: 3, padding: Pair(dilation), dilation: Pair(dilation),
            bias: false, initializer: .uniformFanIn)
    }
}

/// A dilated, a dynamic and a plain convolution, a relu behind each, and what the group was given added to it.
struct HeterogeneousGroup: Layer {
    let path: String
    private let dilated: Convolution
    private let dynamic: TemperedConvolution
    private let plain: Convolution

    /// - Parameter first: the number of the first of the three layers.
    init(_ scope: Scope, first: Int, width: Int, experts: Int) {
        path = scope[first].path
        dilated = .plain3x3(scope[first], inputs: width, outputs: width, dilation: 2)
        dynamic = TemperedConvolution(scope[first + 1], channels: width, experts: experts)
        plain = .plain3x3(scope[first + 2], inputs: width, outputs: width)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let spread = dilated(x, context)
        let mixed = dynamic(LayerPath.$current.withValue(path) { spread.relu() }, context)
        let last = plain(LayerPath.$current.withValue(path) { mixed.relu() }, context)
        return LayerPath.$current.withValue(path) { last.relu() + x }
    }

    func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        try plain.trace(try dynamic.trace(try dilated.trace(input, trace), trace), trace)
    }
}
