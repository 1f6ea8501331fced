/// Operators of dense models.
extension Interpreter {
    /// Each pixel times the weight [in, out, height, width], added where it belongs.
    func transposedConvolution(_ node: ONNXReader.Node, _ x: [Axes]) -> Axes {
        let strides = node.attributes["strides"]!.integers
        let (map, weight) = (x[0], x[1])
        let outputs = weight.shape[1]
        func extent(_ i: Int) -> Int { (map.shape[2 + i] - 1) * strides[i] + weight.shape[2 + i] }
        var result = Axes([map.shape[0], outputs, extent(0), extent(1)]) { x[2].values[$0[1]] }
        let steps = result.strides
        for n in 0..<map.shape[0] {
            for input in 0..<map.shape[1] {
                for i in 0..<map.shape[2] {
                    for j in 0..<map.shape[3] {
                        let value = map[[n, input, i, j]]
                        for output in 0..<outputs {
                            for u in 0..<weight.shape[2] {
                                for v in 0..<weight.shape[3] {
                                    let place = [n, output, i * strides[0] + u, j * strides[1] + v]
                                    let position = zip(place, steps).reduce(0) { $0 + $1.0 * $1.1 }
                                    result.values[position] += value * weight[[input, output, u, v]]
                                }
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    /// Channels of a map [N, f f C, H, W] as pixels, those of one channel's cells beside each other.
    func pixels(_ map: Axes, factor: Int) -> Axes {
        let cell = factor * factor
        let shape = [map.shape[0], map.shape[1] / cell, map.shape[2] * factor, map.shape[3] * factor]
        return Axes(shape) { index in
            let channel = index[1] * cell + index[2] % factor * factor + index[3] % factor
            return map[[index[0], channel, index[2] / factor, index[3] / factor]]
        }
    }

    /// A map [N, C, H, W] brought to `size`.
    func resized(_ node: ONNXReader.Node, _ map: Axes, _ size: [Int]) -> Axes {
        let transformation = node.attributes["coordinate_transformation_mode"]!.word
        let isNearest = node.attributes["mode"]!.word == "nearest"
        /// The pixels that one of the result is read from, along an axis, and their shares.
        func sources(_ axis: Int, _ position: Int) -> [(Int, Double)] {
            let (old, new) = (map.shape[axis], size[axis])
            let place: Double
            switch transformation {
            case "asymmetric": place = Double(position * old) / Double(new)
            case "align_corners": place = new > 1 ? Double(position * (old - 1)) / Double(new - 1) : 0
            default: place = (Double(position) + 0.5) * Double(old) / Double(new) - 0.5
            }
            let low = Int(place.rounded(.down))
            if isNearest { return [(low, 1)] }
            let share = place - Double(low)
            return [(max(low, 0), 1 - share), (min(low + 1, old - 1), share)]
        }
        return Axes(size) { index in
            var sum = 0.0
            for (y, down) in sources(2, index[2]) {
                for (x, across) in sources(3, index[3]) {
                    sum += down * across * map[[index[0], index[1], min(y, map.shape[2] - 1), x]]
                }
            }
            return sum
        }
    }

    /// Each channel of each image with a mean of 0 and a variance of 1, then a factor and an offset for each channel.
    func instanceNormalized(_ x: [Axes], _ epsilon: Double) -> Axes {
        let size = x[0].count / (x[0].shape[0] * x[0].shape[1])
        var values = x[0].values
        for row in 0..<x[0].shape[0] * x[0].shape[1] {
            let range = row * size..<(row + 1) * size
            let mean = values[range].reduce(0, +) / Double(size)
            let variance = values[range].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
            let channel = row % x[0].shape[1]
            for index in range {
                values[index] =
                    (values[index] - mean) / (variance + epsilon).squareRoot() * x[1].values[channel]
                    + x[2].values[channel]
            }
        }
        return Axes(x[0].shape, values)
    }

    /// A map [N, C, H, W] read at places [N, h, w, 2], x before y, -1 to 1 from edge to edge, with zeros outside.
    func sampled(_ map: Axes, _ grid: Axes) -> Axes {
        let (height, width) = (map.shape[2], map.shape[3])
        return Axes([map.shape[0], map.shape[1], grid.shape[1], grid.shape[2]]) { index in
            func place(_ axis: Int, _ extent: Int) -> Double {
                ((grid[[index[0], index[2], index[3], axis]] + 1) * Double(extent) - 1) / 2
            }
            let (x, y) = (place(0, width), place(1, height))
            var sum = 0.0
            for row in [Int(y.rounded(.down)), Int(y.rounded(.down)) + 1] where (0..<height).contains(row) {
                for column in [Int(x.rounded(.down)), Int(x.rounded(.down)) + 1] where (0..<width).contains(column) {
                    let share = (1 - abs(y - Double(row))) * (1 - abs(x - Double(column)))
                    sum += share * map[[index[0], index[1], row, column]]
                }
            }
            return sum
        }
    }
}
