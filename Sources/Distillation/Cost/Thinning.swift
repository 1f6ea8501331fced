import Tensors

// Neighbouring places of large maps tell much the same, so some of them do for a fit.
extension Tensor {
    /// The distance of the places of a grid that has no more than `most` of a map's places; 1 for all of them.
    static func step(_ size: Pair, most: Int) -> Int {
        var step = 1
        while ((size.height + step - 1) / step) * ((size.width + step - 1) / step) > max(1, most) { step += 1 }
        return step
    }

    /// Every `step`-th row and column of maps [N, H, W, C], from one that moves with `turn`.
    func thinned(_ step: Int, _ turn: Int) -> Tensor {
        let (top, left) = (min((turn / step) % step, shape[1] - 1), min(turn % step, shape[2] - 1))
        let (rows, columns) = ((shape[1] - top + step - 1) / step, (shape[2] - left + step - 1) / step)
        let (images, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
        return Tensor([images, rows, columns, channels]) { target in
            read { source in
                for image in 0..<images {
                    for row in 0..<rows {
                        for column in 0..<columns {
                            let from = ((image * height + top + row * step) * width + left + column * step) * channels
                            let to = ((image * rows + row) * columns + column) * channels
                            (target + to).update(from: source + from, count: channels)
                        }
                    }
                }
            }
        }
    }
}
