import Models
import Tensors

/// Convolutions whose kernels adapt to the image. A graph has no convolution with a kernel for each image; patches and one
/// product are, and hold for any number of images.
extension GraphBuilder {
    /// A convolution of a network whose kernels may be made of each image; a plain one where `kernels` is `nil` or says
    /// nothing about it.
    /// - Parameters:
    ///   - kernel: its side.
    ///   - warehouse: the number of the warehouse that a kernel may come from.
    mutating func convolution(
        _ path: String, _ map: FeatureMap, _ kernels: KernelSpecification?, warehouse: Int, kernel: Int, stride: Int,
        groups: Int = 1
    ) throws -> FeatureMap {
        let input = channelsFirst(map)
        func result(_ made: (name: String, outputs: Int)) -> FeatureMap {
            product(path, input, kernels: made, kernel: kernel, stride: stride, groups: groups)
        }
        switch kernels?.kind {
        case .condConv where optionalTensor(path + ".routing_fn.weight") != nil:
            let scores = try linear(path + ".routing_fn", averagePooled(path + ".means", input))
            let weights = node("Sigmoid", path + ".weights", [scores])
            return result(try mixed(path, input, weights, kernel: kernel, groups: groups))
        case .dyConv where optionalTensor(path + ".attention.fc1.weight") != nil:
            let hidden = try linear(path + ".attention.fc1", averagePooled(path + ".means", input))
            let scores = try linear(path + ".attention.fc2", node("Relu", path + ".attention.relu", [hidden]))
            let weights = softmax(path, scores)
            return result(try mixed(path, input, weights, kernel: kernel, groups: groups))
        case .odConv where optionalTensor(path + ".attention.fc.weight") != nil:
            return result(try adapted(path, input, kernel: kernel, groups: groups))
        case .kernelWarehouse where optionalTensor(path + ".attention.fc1.weight") != nil:
            return result(try assembled(path, input, warehouse: warehouse, kernel: kernel, groups: groups))
        default: return try convolution(path, map, stride: stride, padding: kernel / 2)
        }
    }

    private mutating func softmax(_ path: String, _ scores: String) -> String {
        node("Softmax", path + ".weights", [cooled(path, scores)], ["axis": .integer(-1)])
    }

    /// Scores divided by the temperature that the weights were trained with last.
    private mutating func cooled(_ path: String, _ scores: String) -> String {
        let temperature = optionalTensor(path + ".attention.temperature")?.values.first ?? 1
        return temperature == 1 ? scores : node("Mul", scores + ".cooled", [scores, number(1 / Double(temperature))])
    }

    /// The sum of experts with weights [N, K], as [N, groups, out / groups, in / groups, taps].
    private mutating func mixed(
        _ path: String, _ map: FeatureMap, _ weights: String, kernel: Int, groups: Int
    ) throws -> (name: String, outputs: Int) {
        guard let experts = optionalTensor(path + ".weight"), let count = experts.shape.first, count > 0 else {
            throw ExportError("the weights have no \(path).weight, which the model needs")
        }
        let (inner, size) = (map.channels / groups * kernel * kernel, experts.values.count / count)
        let matrix = constant(path + ".weight.experts", [count, size], experts.values)
        let sum = node("MatMul", path + ".kernels", [weights, matrix])
        let outputs = size / max(1, inner)
        return (
            reshaped(
                path + ".kernels.shaped", sum,
                [groups, outputs / groups, map.channels / groups, kernel * kernel]), outputs
        )
    }

    private mutating func adapted(
        _ path: String, _ map: FeatureMap, kernel: Int, groups: Int
    ) throws -> (name: String, outputs: Int) {
        let attention = path + ".attention"
        let hidden = try hidden(path, map, squeeze: attention + ".fc", norm: attention + ".bn")
        let weights: String
        if optionalTensor(attention + ".kernel_fc.weight") != nil {
            weights = softmax(path, try linear(attention + ".kernel_fc", hidden))
        } else {
            // One expert: the mean of the hidden values times 0, plus 1, for as many images as there are.
            let mean = node(
                "ReduceMean", attention + ".one", [hidden], ["axes": .integers([1]), "keepdims": .integer(0)])
            let nothing = node("Mul", path + ".none", [mean, number(0)])
            weights = reshaped(path + ".weights", node("Add", path + ".ones", [nothing, number(1)]), [1])
        }
        let sum = try mixed(path, map, weights, kernel: kernel, groups: groups)
        var name = sum.name
        let inputs = map.channels / groups
        for (head, shape) in [
            ("spatial_fc", [1, 1, 1, kernel * kernel]), ("channel_fc", [groups, 1, inputs, 1]),
            ("filter_fc", [groups, sum.outputs / groups, 1, 1]),
        ] where optionalTensor("\(attention).\(head).weight") != nil {
            let scores = cooled(path, try linear("\(attention).\(head)", hidden))
            let factors = node("Sigmoid", "\(attention).\(head).factors", [scores])
            name = node(
                "Mul", "\(path).kernels.\(head)", [name, reshaped("\(attention).\(head).shaped", factors, shape)])
        }
        return (name, sum.outputs)
    }

    /// The means of the channels through a linear layer, a batch norm and relu, [N, hidden].
    private mutating func hidden(
        _ path: String, _ map: FeatureMap, squeeze: String, norm: String
    ) throws -> String {
        let squeezed = try linear(squeeze, averagePooled(path + ".means", map))
        let width = try tensor(norm + ".weight", rank: 1).shape[0]
        let means = FeatureMap(
            name: reshaped(norm + ".map", squeezed, [width, 1, 1]), height: 1, width: 1, channels: width,
            isChannelsFirst: true)
        let normed = node("Relu", norm + ".relu", [try batchNorm(norm, means).name])
        return reshaped(norm + ".hidden", normed, [width])
    }

    /// Kernels of a warehouse's cells, as [N, 1, out, in / groups, taps].
    private mutating func assembled(
        _ path: String, _ map: FeatureMap, warehouse: Int, kernel: Int, groups: Int
    ) throws -> (name: String, outputs: Int) {
        let attention = path + ".attention"
        if let share = optionalTensor(attention + ".fixed_share")?.values.first, share > 0 {
            throw ExportError(
                "\(attention) still has a share of \(share) of its fixed cells; export weights that were trained for "
                    + "longer than model.annealingEpochs")
        }
        let cells = try tensor("warehouse_manager.weights.\(warehouse)", rank: 5)
        let (count, height, width) = (cells.shape[0], cells.shape[1], cells.shape[2])
        let hidden = try hidden(path, map, squeeze: attention + ".fc1", norm: attention + ".norm1")
        let scores = try linear(attention + ".fc2", hidden)
        let places = try tensor(attention + ".fc2.weight", rank: 2).shape[0] / (count + 1)
        let rows = reshaped(attention + ".rows", scores, [places, count + 1])
        let magnitudes = node(
            "Add", attention + ".magnitudes",
            [
                node("Relu", attention + ".positive", [rows]),
                node("Relu", attention + ".negative", [node("Mul", attention + ".turned", [rows, number(-1)])]),
            ])
        let ones = constant("ones \(count + 1)", [count + 1, 1], [Float](repeating: 1, count: count + 1))
        let sums = node("MatMul", attention + ".sums", [magnitudes, ones])
        let shares = node(
            "Div", attention + ".shares", [rows, node("Add", attention + ".safe", [sums, number(1e-3)])])
        let coefficients = split(attention + ".coefficients", shares, [count, 1], axis: 2)[0]
        let matrix = constant(
            "warehouse_manager.weights.\(warehouse).cells", [count, height * width], cells.values)
        let product = node("MatMul", path + ".cells", [coefficients, matrix])
        let (taps, inputs) = (kernel * kernel, map.channels / groups)
        let across = inputs / width
        let down = places / (taps * across)
        let parts = reshaped(path + ".cells.shaped", product, [taps, down, across, height, width])
        let turned = transposed(path + ".cells.turned", parts, [0, 2, 4, 3, 5, 1])
        return (reshaped(path + ".kernels", turned, [1, down * height, inputs, taps]), down * height)
    }

    /// Patches times kernels [N, groups, out / groups, in / groups, taps].
    private mutating func product(
        _ path: String, _ map: FeatureMap, kernels: (name: String, outputs: Int), kernel: Int, stride: Int, groups: Int
    ) -> FeatureMap {
        let taps = kernel * kernel
        let window = Window(kernel: Pair(kernel), stride: Pair(stride), padding: Pair(kernel / 2))
        let size = window.outputSize(Pair(map.height, map.width))
        var patches = map.name
        if taps > 1 || stride > 1 {
            // One tap of one channel for each result.
            let picks = constant(
                "taps \(kernel)x\(kernel) of \(map.channels)", [map.channels * taps, 1, kernel, kernel],
                (0..<map.channels).flatMap { _ in
                    (0..<taps).flatMap { tap in (0..<taps).map { $0 == tap ? Float(1) : 0 } }
                })
            patches = node(
                "Conv", path + ".patches", [patches, picks],
                [
                    "group": .integer(map.channels), "kernel_shape": .integers([kernel, kernel]),
                    "pads": .integers([Int](repeating: kernel / 2, count: 4)), "strides": .integers([stride, stride]),
                ])
        }
        let inner = map.channels / groups * taps
        let columns = reshaped(path + ".columns", patches, [groups, inner, size.height * size.width])
        let matrix = reshaped(path + ".matrix", kernels.name, [groups, kernels.outputs / groups, inner])
        let product = node("MatMul", path + ".product", [matrix, columns])
        return FeatureMap(
            name: reshaped(path, product, [kernels.outputs, size.height, size.width]), height: size.height,
            width: size.width, channels: kernels.outputs, isChannelsFirst: true)
    }
}
