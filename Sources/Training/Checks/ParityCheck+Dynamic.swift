import Autograd
import Checkpoints
import JSON
import Layers
import Tensors

/// Layers whose kernels adapt to the image: results and the gradients of inputs and parameters of given incoming ones.
extension ParityCheck {
    static func dynamicLayers(_ fixture: ParityFixture<S>, _ cases: [JSONValue]) throws -> ParityValues<S> {
        var ours = ParityValues<S>()
        ours.floor = 0
        for description in cases {
            let one = try ParityCase(fixture, description, kind: "layer")
            switch one.operation {
            case "CondConv2d": try condConv(one, into: &ours)
            case "Dynamic_conv2d": try dyConv(one, into: &ours)
            case "ODConv2d": try odConv(one, into: &ours)
            default:
                if description["sharing_range"] != nil {
                    try warehouse(one, into: &ours)
                } else if description["threshold"] != nil {
                    try frequencyFilter(one, into: &ours)
                } else {
                    throw one.fail("a layer that is not known here")
                }
            }
        }
        return ours
    }

    /// Loads the case's parameters, applies the layers and enters the result with all gradients. Gradients that cancel out
    /// before a batch norm are measured against a share of the largest.
    private static func run(
        _ one: ParityCase<S>, _ scope: Scope, leaves given: [(name: String, value: Tensor<S>, isMap: Bool)],
        into ours: inout ParityValues<S>, _ layers: ([Variable<S>], Context<S>) throws -> Variable<S>
    ) throws {
        let store = ParameterStore<S>(scope.list, seed: 0)
        try one.fixture.load(store, one.name + ".param.")
        let tape = Tape<S>()
        let mode = try one.text("mode")
        let context = Context(store, mode: mode.hasPrefix("training") ? .training : .evaluation, tape: tape)
        let leaves = given.map { tape.leaf($0.value) }
        let output = try layers(leaves, context)
        ours.add(one.name + ".out.0", map: output.value)
        tape.backward(from: output, cotangent: try one.map("cotangent.0"))
        for (leaf, given) in zip(leaves, given) {
            guard let gradient = tape.gradient(of: leaf) else { continue }
            let key = "\(one.name).grad.in.\(given.name)"
            if given.isMap {
                ours.add(key, map: gradient)
            } else {
                ours.add(key, shape: gradient.shape.dimensions, gradient.array)
            }
        }
        ours.addGradients(context, one.fixture, one.name + ".grad.")
    }

    /// What a case says of its convolution; 1, 0 or no groups where it says nothing.
    private static func shape(
        _ one: ParityCase<S>, inputs: String, outputs: String
    ) throws -> ConvolutionShape {
        func optional(_ key: String, _ other: Int) throws -> Int {
            one.description[key] == nil ? other : try one.integer(key)
        }
        return ConvolutionShape(
            inputs: try one.integer(inputs), outputs: try one.integer(outputs),
            kernel: Pair(try one.integer("kernel_size")), stride: Pair(try optional("stride", 1)),
            padding: Pair(try optional("padding", 0)), groups: try optional("groups", 1))
    }

    private static func condConv(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let scope = Scope()
        let layer = CondConv(
            scope, try shape(one, inputs: "in_channels", outputs: "out_channels"),
            experts: try one.integer("num_experts"), bias: try one.flag("bias"), routes: false)
        let leaves: [(name: String, value: Tensor<S>, isMap: Bool)] = [
            (name: "x", value: try one.map("in.x"), isMap: true),
            (name: "routing", value: try one.tensor("in.routing"), isMap: false),
        ]
        try run(one, scope, leaves: leaves, into: &ours) { layer($0[0], weights: $0[1], $1) }
    }

    private static func dyConv(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let scope = Scope()
        let layer = DyConv(
            scope, try shape(one, inputs: "in_planes", outputs: "out_planes"), experts: try one.integer("K"),
            reduction: try one.number("ratio"), bias: try one.flag("bias"))
        let temperature = S(try one.number("temperature"))
        try run(one, scope, leaves: [(name: "x", value: try one.map("in.x"), isMap: true)], into: &ours) {
            layer($0[0], temperature: temperature, $1)
        }
    }

    private static func odConv(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let scope = Scope()
        let reduction = one.description["reduction"] == nil ? 0.0625 : try one.number("reduction")
        let layer = ODConv(
            scope, try shape(one, inputs: "in_planes", outputs: "out_planes"),
            experts: try one.integer("kernel_num"), reduction: reduction)
        let temperature = S(try one.number("temperature"))
        try run(one, scope, leaves: [(name: "x", value: try one.map("in.x"), isMap: true)], into: &ours) {
            layer($0[0], temperature: temperature, $1)
        }
    }

    /// Two layers that share a warehouse, relu between them, and the cells that their kernels begin with.
    private static func warehouse(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let shapes = try (one.description["layers"]?.arrayValue ?? []).map { numbers in
            let values = numbers.arrayValue?.compactMap(\.integerValue) ?? []
            guard values.count == 5 else { throw one.fail("a layer is not [in, out, kernel, stride, padding]") }
            return ConvolutionShape(
                inputs: values[0], outputs: values[1], kernel: Pair(values[2]), stride: Pair(values[3]),
                padding: Pair(values[4]))
        }
        guard shapes.count == 2 else { throw one.fail("there are \(shapes.count) layers, expected 2") }
        let scope = Scope()
        let ratio = one.description["cell_inplane_ratio"] == nil ? 1 : try one.number("cell_inplane_ratio")
        let warehouse = Warehouse(
            scope["warehouse_manager"]["weights"], "0", layers: shapes, budget: try one.number("cell_num_ratio"),
            ratio: ratio)
        let reduction = try one.number("reduction")
        let layers = ["a", "b"].enumerated().map {
            KernelWarehouse(scope[$1], warehouse, layer: $0, reduction: reduction, bias: true)
        }
        let share = S(try one.number("tau"))
        try run(one, scope, leaves: [(name: "x", value: try one.map("in.x"), isMap: true)], into: &ours) {
            layers[1](layers[0]($0[0], fixedShare: share, $1).relu(), fixedShare: share, $1)
        }
        for (layer, name) in ["a", "b"].enumerated() {
            let owners = warehouse.owners(of: layer)
            let width = warehouse.count + 1
            let rows = owners.flatMap { owner in (0..<width).map { $0 == owner ? S(1) : S(0) } }
            ours.add("\(one.name).beta.\(name)", shape: [owners.count, width], rows)
        }
    }

    private static func frequencyFilter(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        let scope = Scope()
        let layer = FrequencyFilter(
            scope, channels: try one.integer("channels"), blocks: try one.integer("blocks"),
            threshold: try one.number("threshold"))
        try run(one, scope, leaves: [(name: "x", value: try one.map("in.x"), isMap: true)], into: &ours) {
            layer($0[0], $1)
        }
    }
}
