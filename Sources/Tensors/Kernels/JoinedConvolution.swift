/// Maps that count as one over all their channels.
package struct JoinedMaps<S: Scalar> {
    /// [N, H, W, Ci].
    package let parts: [Tensor<S>]
    private var widths: [Int] { parts.map { $0.shape[3] } }
    /// Brought together, once somebody needs that.
    private let joined: Tensor<S>?

    /// Maps of one size.
    package init(_ parts: [Tensor<S>], for weight: Shape, _ window: Window) {
        self.parts = parts
        let all = parts[0].shape.replacing(axis: -1, with: weight[3])
        let staysApart =
            weight[3] > 4 && Tensor<S>.usesTiles(window, map: all, weight: weight, groups: 1)
            && parts.dropLast().allSatisfy { $0.shape[3] % 16 == 0 }
        joined =
            staysApart
            ? nil
            : parts.count == 1
                ? parts[0] : .concatenated(parts.map(Optional.some), widths: parts.map { $0.shape[3] }, like: all)
    }

    /// As `Tensor.convolution` of the joined maps.
    package func convolution(_ weight: Tensor<S>, _ bias: Tensor<S>?, _ window: Window) -> Tensor<S> {
        joined?.convolution(weight, bias, window, groups: 1) ?? .tiledConvolution(parts, weight, bias)
    }

    /// The gradients of the parts.
    package func inputGradients(_ g: Tensor<S>, _ weight: Tensor<S>, _ window: Window) -> [Tensor<S>] {
        guard let joined else { return g.tiledInputGradients(weight, parts: widths) }
        let all = g.convolutionInputGradient(weight, window, input: joined.shape, groups: 1)
        return parts.count == 1 ? [all] : all.split(channels: widths)
    }

    /// The gradient of the weight, whose shape is given.
    package func weightGradient(_ g: Tensor<S>, _ weight: Shape, _ window: Window) -> Tensor<S> {
        joined.map { g.convolutionWeightGradient($0, window, weight: weight, groups: 1) }
            ?? g.tiledWeightGradient(parts, weight)
    }
}

extension Tensor {
    /// Whether a convolution goes by tiles (`Winograd.swift`) or, with up to 4 input channels, by rows (`FewInputs.swift`)
    /// instead of patches; asked for all three products of a layer. The batch does not count, unless it is empty, so
    /// that what becomes of an image does not depend on the others.
    ///
    /// Measured on two cores with AVX-512: tiles are 3 to 6 times as fast as patches from 16 channels and 8x8 pixels on,
    /// rows twice as fast for colored images. Fewer channels leave most of a vector empty; on smaller maps transforming
    /// the weight takes longer than the products of few images do. Both are in single precision where products are asked
    /// for in bfloat16, too: a quarter of the multiplications is less than half of them.
    package static func usesTiles(_ window: Window, map: Shape, weight: Shape, groups: Int) -> Bool {
        S.hasWinograd && groups == 1 && window == Window(kernel: 3, padding: 1) && map[0] >= 1 && map[1] >= 8
            && map[2] >= 8 && (map[3] >= 8 || map[3] <= 4) && weight[0] >= 8
    }

    /// parts [N, H, W, Ci], which count as one map over all their channels, weight [out, 3, 3, all], bias [out] ->
    /// [N, H, W, out].
    package static func tiledConvolution(_ parts: [Tensor], _ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let out = weight.shape[0]
        defer { withExtendedLifetime((parts, bias)) {} }
        return Tensor(parts[0].shape.replacing(axis: -1, with: out)) { y in
            weight.read { w in
                S.winogradConvolution(
                    parts.map(\.start), parts: parts.map { $0.shape[3] },
                    parts[0].shape.replacing(axis: -1, with: weight.shape[3]), w, bias?.start, turned: false,
                    into: [y], parts: [out])
            }
        }
    }

    /// For self = g: the gradients of the parts, which have so many channels each.
    package func tiledInputGradients(_ weight: Tensor, parts: [Int]) -> [Tensor] {
        let shapes = parts.map { shape.replacing(axis: -1, with: $0) }
        let storages = shapes.map { Storage<S>(count: $0.elementCount) }
        withElements(self, weight) { g, w in
            S.winogradConvolution(
                [g], parts: [shape[3]], shape, w, nil, turned: true, into: storages.map(\.pointer), parts: parts)
        }
        return zip(storages, shapes).map { Tensor(storage: $0, offset: 0, shape: $1) }
    }

    /// For self = g: the gradient of the weight, whose shape is given.
    package func tiledWeightGradient(_ parts: [Tensor], _ weight: Shape) -> Tensor {
        defer { withExtendedLifetime(parts) {} }
        return Tensor(weight) { dw in
            read { g in
                S.winogradWeightGradient(
                    parts.map(\.start), parts: parts.map { $0.shape[3] },
                    parts[0].shape.replacing(axis: -1, with: weight[3]), g, outputs: weight[0],
                    shares: true, into: dw)
            }
        }
    }
}
