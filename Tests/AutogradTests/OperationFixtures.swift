import Autograd
import Checkpoints
import Foundation
import JSON
import Tensors
import TestSupport
import Testing

/// One operation computed by an independent implementation in double precision (Scripts/fixtures/ops.py): operands,
/// results, incoming gradients and the gradients of all operands, in PyTorch's layouts. Those of dense prediction are in
/// a file of the same form that PyTorch filled, losses that it lacks by their formulas.
struct OperationFixture {
    let name: String
    let attributes: JSONValue
    private let file: SafetensorsFile

    static func all(in name: String = "ops") throws -> [OperationFixture] {
        let folder = (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("Fixtures")
        let file = try SafetensorsFile.read(path: folder.appendingPathComponent(name + ".safetensors").path)
        let cases = try JSONValue(parsing: try #require(file.metadata["cases"]))
        return try #require(cases.arrayValue).map {
            OperationFixture(name: try #require($0["name"]?.stringValue), attributes: $0, file: file)
        }
    }

    func tensor<S: Scalar>(_ part: String, as type: S.Type) throws -> Tensor<S> {
        let stored = try #require(file["\(name).\(part)"], "\(name) has no \(part)")
        return Tensor(Shape(stored.shape), try stored.doubles().map { S($0) })
    }

    func has(_ part: String) -> Bool { file["\(name).\(part)"] != nil }

    func integers(_ key: String) throws -> [Int] {
        try #require(attributes[key]?.arrayValue).map { try #require($0.integerValue) }
    }

    func pair(_ key: String) throws -> Pair {
        let values = try integers(key)
        return Pair(try #require(values.first), try #require(values.last))
    }

    /// How an operand is brought into our layout and its gradient back: the order of the axes, then the shape.
    struct Conversion {
        var axes: [Int]?
        var dropsLast = false

        static let none = Conversion()
        static let map = Conversion(axes: [0, 2, 3, 1])
        static let depthwise = Conversion(axes: [2, 3, 0, 1], dropsLast: true)
        static let spectrum = Conversion(axes: [1, 2, 0, 3])

        func ours<S>(_ x: Tensor<S>) -> Tensor<S> {
            let moved = axes.map { x.transposed($0) } ?? x
            return dropsLast ? moved.reshaped(Shape(moved.shape.dimensions.dropLast())) : moved
        }

        func theirs<S>(_ x: Tensor<S>) -> Tensor<S> {
            let whole = dropsLast ? x.reshaped(Shape(x.shape.dimensions + [1])) : x
            guard let axes else { return whole }
            return whole.transposed(axes.indices.sorted { axes[$0] < axes[$1] })
        }
    }

    /// The largest relative error of the results and of every gradient, by name.
    /// - Parameter depthwise: runs a convolution by the operation for one channel per group.
    func errors<S: Scalar>(as type: S.Type, depthwise: Bool = false) throws -> [(name: String, error: Double)] {
        var operands: [(name: String, conversion: Conversion)] = [("x", .none)]
        var result = Conversion.none
        let apply: ([Variable<S>]) throws -> Variable<S>
        let operation = try #require(attributes["op"]?.stringValue)
        switch operation {
        case "conv2d":
            let (stride, padding) = (try pair("stride"), try pair("padding"))
            let (dilation, groups) = (try pair("dilation"), try #require(attributes["groups"]?.integerValue))
            operands = [("x", .map), ("w", depthwise ? .depthwise : .map)] + (has("in.b") ? [("b", .none)] : [])
            result = .map
            apply = { x in
                depthwise
                    ? x[0].depthwiseConvolution(
                        x[1], x.count > 2 ? x[2] : nil, stride: stride.height, padding: padding.height)
                    : x[0].convolution(
                        x[1], x.count > 2 ? x[2] : nil, stride: stride, padding: padding, dilation: dilation,
                        groups: groups)
            }
        case "linear":
            operands += [("w", .none), ("b", .none)]
            apply = { $0[0].linear($0[1], $0[2]) }
        case "layer_norm":
            let epsilon = try #require(attributes["eps"]?.doubleValue)
            result = attributes["axis"]?.stringValue == "last" ? .none : .map
            operands = [("x", result), ("w", .none), ("b", .none)]
            apply = { $0[0].layerNormalized($0[1], $0[2], epsilon: epsilon) }
        case "batch_norm":
            let epsilon = try #require(attributes["eps"]?.doubleValue)
            result = .map
            operands = [("x", .map), ("w", .none), ("b", .none)]
            apply = { $0[0].batchNormalized($0[1], $0[2], epsilon: epsilon).output }
        case "gelu": apply = { $0[0].gelu() }
        case "relu": apply = { $0[0].relu() }
        case "silu": apply = { $0[0].silu() }
        case "hardswish": apply = { $0[0].hardSwish() }
        case "softmax": apply = { $0[0].softmax() }
        case "log_softmax": apply = { $0[0].logSoftmax() }
        case "scaled_dot_product_attention":
            operands = [("q", .none), ("k", .none), ("v", .none)]
            apply = { .attention($0[0], $0[1], $0[2]) }
        case "global_filter":
            result = .map
            operands = [("x", .map), ("weight", .spectrum)]
            apply = { $0[0].globalFilter($0[1]) }
        case "interpolate":
            let size = try pair("size")
            let mode: ResizeMode =
                attributes["mode"]?.stringValue == "nearest"
                ? .nearest : .bilinear(alignCorners: attributes["align_corners"] == true)
            (operands, result) = ([("x", .map)], .map)
            apply = { $0[0].resized(height: size.height, width: size.width, mode) }
        case "mean_hw":
            operands = [("x", .map)]
            apply = { $0[0].globalAveragePooled() }
        case "max_pool2d":
            let kernel = try #require(attributes["kernel"]?.integerValue)
            let stride = try #require(attributes["stride"]?.integerValue)
            let padding = try #require(attributes["padding"]?.integerValue)
            (operands, result) = ([("x", .map)], .map)
            apply = { $0[0].maxPooled(kernel: kernel, stride: stride, padding: padding) }
        case "cross_entropy":
            let labels = try integers("target").map { Int32($0) }
            let smoothing = try #require(attributes["label_smoothing"]?.doubleValue)
            apply = { $0[0].crossEntropy(labels: labels, smoothing: smoothing) }
        case "cross_entropy_soft_targets":
            let targets = try tensor("target", as: S.self)
            apply = { $0[0].crossEntropy(targets: targets) }
        case "knowledge_distillation_kl":
            let teacher = try tensor("teacher_logits", as: S.self)
            let temperature = try #require(attributes["temperature"]?.doubleValue)
            apply = { $0[0].distillationDivergence(teacherLogits: teacher, temperature: temperature) }
        case "mse":
            let teacher = try tensor("teacher", as: S.self)
            apply = { $0[0].meanSquaredError(teacher) }
        case let dense where Self.dense.contains(dense):
            (operands, result, apply) = try denseOperation(dense)
        case let other where Self.detection.contains(other):
            (operands, result, apply) = try detectionOperation(other)
        default:
            Issue.record("\(name): the operation \(operation) is not known here")
            return []
        }

        let tape = Tape<S>()
        let leaves = try operands.map { tape.leaf($0.conversion.ours(try tensor("in." + $0.name, as: S.self))) }
        let output = try apply(leaves)
        var errors = [("out.0", difference(result.theirs(output.value), try tensor("out.0", as: Double.self)))]
        // Where a function has no gradient, the file has none.
        guard has("cotangent.0") else { return errors }
        let cotangent = result.ours(try tensor("cotangent.0", as: S.self))
        tape.backward(from: output, cotangent: cotangent.reshaped(output.shape))
        for (operand, leaf) in zip(operands, leaves) {
            let reference = try tensor("grad." + operand.name, as: Double.self)
            let gradient = try #require(tape.gradient(of: leaf), "\(name): \(operand.name) has no gradient")
            errors.append(("grad." + operand.name, difference(operand.conversion.theirs(gradient), reference)))
        }
        return errors
    }

    /// Infinite when the shapes differ, but for a scalar, which the file keeps as [1].
    private func difference<S>(_ ours: Tensor<S>, _ reference: Tensor<Double>) -> Double {
        guard ours.shape == reference.shape || (ours.shape.rank == 0 && reference.elementCount == 1) else {
            return .infinity
        }
        return relativeError(ours.reshaped(reference.shape), reference)
    }
}
