// A dilated convolution is one without a dilation on each set of pixels that lie so far from each other.

/// 3x3 convolutions of stride 1 whose padding is the dilation, by tiles of such sets of pixels.
struct DilatedTiles<S: Scalar> {
    private let layout: TileLayout
    /// [N, H, W, in].
    private let input: Shape
    private let outputs: Int

    init?(_ window: Window, map: Shape, weight: Shape, groups: Int) {
        let apart = window.dilation.height
        guard apart > 1, window == Window(kernel: 3, padding: Pair(apart), dilation: Pair(apart)), map[3] >= 8,
            Tensor<S>.usesTiles(
                Window(kernel: 3, padding: 1), map: [map[0], map[1] / apart, map[2] / apart, map[3]], weight: weight,
                groups: groups)
        else { return nil }
        layout = TileLayout(apart: apart)
        input = map
        outputs = weight[0]
    }

    func convolution(_ x: Tensor<S>, _ weight: Tensor<S>, _ bias: Tensor<S>?) -> Tensor<S> {
        defer { withExtendedLifetime(bias) {} }
        return Tensor(input.replacing(axis: -1, with: outputs)) { y in
            withElements(x, weight) { x, weight in
                S.tiledConvolution(
                    x, parts: [input[3]], input, weight, bias?.start, turned: false, into: y, outputs: outputs, layout)
            }
        }
    }

    func inputGradient(_ g: Tensor<S>, _ weight: Tensor<S>) -> Tensor<S> {
        Tensor(input) { dx in
            withElements(g, weight) { start, weight in
                S.tiledConvolution(
                    start, parts: [outputs], g.shape, weight, nil, turned: true, into: dx, outputs: input[3], layout)
            }
        }
    }

    func weightGradient(_ x: Tensor<S>, _ g: Tensor<S>, _ weight: Shape) -> Tensor<S> {
        Tensor(weight) { dw in
            withElements(x, g) { x, g in
                S.tiledWeightGradient(x, parts: [input[3]], input, g, outputs: outputs, into: dw, layout)
            }
        }
    }
}
