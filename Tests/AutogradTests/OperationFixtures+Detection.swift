import Autograd
import Tensors
import Testing

/// The operations of detection that a fixture may name.
extension OperationFixture {
    static let detection = [
        "deform_conv2d", "roi_align", "group_norm", "sigmoid_focal_loss", "smooth_l1_loss", "l1_loss", "giou_loss",
        "diou_loss", "ciou_loss", "binary_cross_entropy_with_logits", "decode_boxes",
    ]

    func detectionOperation<S: Scalar>(_ operation: String) throws -> Prepared<S> {
        switch operation {
        case "deform_conv2d":
            let (stride, padding) = (try pair("stride"), try pair("padding"))
            let dilation = try pair("dilation")
            let groups = try #require(attributes["groups"]?.integerValue)
            let offsetGroups = try #require(attributes["offset_groups"]?.integerValue)
            let (hasMask, hasBias) = (has("in.mask"), has("in.b"))
            return (
                [("x", .map), ("w", .map), ("offset", .map)] + (hasMask ? [("mask", .map)] : [])
                    + (hasBias ? [("b", .none)] : []), .map,
                { x in
                    x[0].deformableConvolution(
                        x[1], hasBias ? x[x.count - 1] : nil, offsets: x[2], mask: hasMask ? x[3] : nil,
                        stride: stride, padding: padding, dilation: dilation, groups: groups,
                        offsetGroups: offsetGroups)
                }
            )
        case "roi_align":
            let (size, regions) = (try pair("output_size"), try tensor("in.rois", as: S.self))
            let scale = try #require(attributes["spatial_scale"]?.doubleValue)
            let samples = try #require(attributes["sampling_ratio"]?.integerValue)
            let aligned = attributes["aligned"] == true
            return (
                [("x", .map)], .map,
                { $0[0].regionAligned(regions, size: size, scale: scale, samples: samples, aligned: aligned) }
            )
        case "group_norm":
            let groups = try #require(attributes["groups"]?.integerValue)
            let epsilon = try #require(attributes["eps"]?.doubleValue)
            return (
                [("x", .map), ("w", .none), ("b", .none)], .map,
                { $0[0].groupNorm(groups: groups, scale: $0[1], shift: $0[2], epsilon: epsilon) }
            )
        case "decode_boxes":
            let anchors = try tensor("in.anchors", as: S.self)
            let weights = try #require(attributes["weights"]?.arrayValue).map { try #require($0.doubleValue) }
            return (
                [("deltas", .none)], .none,
                { $0[0].decodedBoxes(anchors, deviations: weights.map { 1 / $0 }, clampsSmall: false) }
            )
        default:
            return ([("x", .none)], .none, try loss(operation))
        }
    }

    private func loss<S: Scalar>(_ operation: String) throws -> ([Variable<S>]) throws -> Variable<S> {
        let target = try tensor("in.target", as: S.self)
        switch operation {
        case "sigmoid_focal_loss":
            // A row for each element, since targets may have several classes in a row.
            let labels = target.array.map { Int32($0 == 1 ? 0 : -1) }
            let alpha = try #require(attributes["alpha"]?.doubleValue)
            let gamma = try #require(attributes["gamma"]?.doubleValue)
            let reduction = attributes["reduction"]?.stringValue
            return { x in
                let flat = x[0].reshaped([labels.count, 1])
                if reduction == "none" {
                    return .concatenated(
                        labels.indices.map {
                            flat.rows([Int32($0)]).sigmoidFocal([labels[$0]], alpha: alpha, gamma: gamma)
                                .reshaped([1])
                        }
                    ).reshaped(x[0].shape)
                }
                let sum = flat.sigmoidFocal(labels, alpha: alpha, gamma: gamma)
                return reduction == "mean" ? sum.scaled(by: 1 / S(labels.count)) : sum
            }
        case "smooth_l1_loss", "l1_loss":
            let beta = attributes["beta"]?.doubleValue ?? 0
            return { $0[0].smoothL1(target, beta: beta) }
        case "binary_cross_entropy_with_logits":
            return { $0[0].binaryCrossEntropySum(target).scaled(by: 1 / S(target.elementCount)) }
        default:
            let kind: BoxMeasure = operation == "giou_loss" ? .giou : operation == "diou_loss" ? .diou : .ciou
            let epsilon = try #require(attributes["eps"]?.doubleValue)
            let (count, numbers) = (target.shape[0], target.array)
            return { x in
                let losses = (0..<count).map { row -> Variable<S> in
                    let box = Tensor<S>([1, 4], Array(numbers[4 * row..<4 * row + 4]))
                    return x[0].rows([Int32(row)]).boxLoss(box, kind: kind, epsilon: epsilon).reshaped([1])
                }
                return .concatenated(losses)
            }
        }
    }
}
