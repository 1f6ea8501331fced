import Autograd
import Tensors
import Testing

/// The operations of dense prediction that a fixture may name.
extension OperationFixture {
    typealias Prepared<S: Scalar> = (
        operands: [(name: String, conversion: Conversion)], result: Conversion,
        apply: ([Variable<S>]) throws -> Variable<S>
    )

    static let dense = [
        "conv_transpose2d", "adaptive_avg_pool2d", "pixel_unshuffle", "pixel_shuffle", "pixel_cross_entropy",
        "pixel_focal", "hard_pixel_cross_entropy", "soft_dice", "lovasz_softmax", "binary_pixel_cross_entropy",
    ]

    private func number(_ key: String) -> Double { attributes[key]?.doubleValue ?? 0 }

    func denseOperation<S: Scalar>(_ operation: String) throws -> Prepared<S> {
        let map: [(name: String, conversion: Conversion)] = [("x", .map)]
        switch operation {
        case "conv_transpose2d":
            let (stride, padding) = (try pair("stride"), try pair("padding"))
            let (dilation, added) = (try pair("dilation"), try pair("output_padding"))
            let groups = try #require(attributes["groups"]?.integerValue)
            return (
                map + [("w", .map)] + (has("in.b") ? [("b", .none)] : []), .map,
                { x in
                    x[0].transposedConvolution(
                        x[1], x.count > 2 ? x[2] : nil, stride: stride, padding: padding, outputPadding: added,
                        dilation: dilation, groups: groups)
                }
            )
        case "adaptive_avg_pool2d":
            let size = try pair("output_size")
            return (map, .map, { $0[0].averagePooled(to: size) })
        case "pixel_unshuffle":
            let factor = try #require(attributes["factor"]?.integerValue)
            return (map, .map, { $0[0].spaceToDepth(factor, .channelMajor) })
        case "pixel_shuffle":
            let factor = try #require(attributes["factor"]?.integerValue)
            return (map, .map, { $0[0].depthToSpace(factor, .channelMajor) })
        default:
            return (map, .none, try loss(operation))
        }
    }

    private func loss<S: Scalar>(_ operation: String) throws -> ([Variable<S>]) throws -> Variable<S> {
        let labels = try integers("target").map { UInt8($0) }
        let weights = try (attributes["class_weights"]?.arrayValue ?? []).map { try #require($0.doubleValue) }
        let (smoothing, threshold, gamma) = (number("smoothing"), number("threshold"), number("gamma"))
        switch operation {
        case "pixel_cross_entropy":
            return { $0[0].pixelCrossEntropy(labels, classWeights: weights, smoothing: smoothing) }
        case "pixel_focal":
            return { $0[0].pixelFocal(labels, gamma: gamma, classWeights: weights) }
        case "hard_pixel_cross_entropy":
            let least = try #require(attributes["least"]?.integerValue)
            return { $0[0].hardPixelCrossEntropy(labels, threshold: threshold, least: least) }
        case "soft_dice":
            let epsilon = number("epsilon")
            return { $0[0].softDice(labels, smoothing: epsilon) }
        case "lovasz_softmax":
            return { $0[0].lovaszSoftmax(labels) }
        default:
            return { $0[0].reshaped([labels.count, 1]).binaryPixelCrossEntropy(labels) }
        }
    }
}
