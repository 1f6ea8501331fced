import Tensors

extension Operation {
    package static let windows = Operation("windows")
    package static let joinedWindows = Operation("joinedWindows")
    package static let rolled = Operation("rolled")
    package static let permutedWindows = Operation("permutedWindows")
}

extension Variable {
    /// The map cut into windows, row by row: [N, H, W, C] -> [N (H / h) (W / w), h w, C] for windows of h x w pixels,
    /// which must divide the map. Gradient: g put together again.
    public func windows(_ size: Pair) -> Variable {
        requireWindows(.windows, size, shape)
        let input = shape
        let order = PixelOrder.windows(size, height: input[1], width: input[2])
        let output: Shape = [
            input[0] * (input[1] / size.height) * (input[2] / size.width), size.height * size.width, input[3],
        ]
        return Self.record(.windows, [self], value.reordered(order, channels: input[3], output)) { g, _ in
            [g.reordered(order.inverse, channels: input[3], input)]
        }
    }

    /// Windows put together to maps of that height and width: [N (H / h) (W / w), h w, C] -> [N, H, W, C], the inverse of
    /// `windows`. Gradient: g cut into windows.
    public func joined(windows size: Pair, height: Int, width: Int) -> Variable {
        let input = shape
        require(
            input.rank == 3 && input[1] == size.height * size.width && height >= 1 && width >= 1
                && input[0] * input[1] % (height * width) == 0, Operation.joinedWindows.name, [input],
            "the input must be [windows, \(size.height * size.width), channels] and fill whole maps of \(height)x\(width)"
        )
        let output: Shape = [input[0] * input[1] / (height * width), height, width, input[2]]
        requireWindows(.joinedWindows, size, output)
        let order = PixelOrder.windows(size, height: height, width: width)
        return Self.record(
            .joinedWindows, [self], value.reordered(order.inverse, channels: input[2], output)
        ) { g, _ in [g.reordered(order, channels: input[2], input)] }
    }

    /// The map shifted by so many rows down and columns to the right, what leaves it coming in on the other side, as
    /// PyTorch's `roll` over both axes: [N, H, W, C]. Gradient: g shifted back.
    public func rolled(rows: Int, columns: Int) -> Variable {
        requireWindows(.rolled, 1, shape)
        let shape = shape
        let order = PixelOrder.rolled(rows: rows, columns: columns, height: shape[1], width: shape[2])
        return Self.record(.rolled, [self], value.reordered(order, channels: shape[3], shape)) { g, _ in
            [g.reordered(order.inverse, channels: shape[3], shape)]
        }
    }

    /// The windows of h x w pixels in other places: window (i, j) of the result is window (rows[i], columns[j]) of the
    /// map, [N, H, W, C]; both lists name each row or column of windows once. Gradient: g with its windows put back.
    public func permutedWindows(_ size: Pair, rows: [Int], columns: [Int]) -> Variable {
        requireWindows(.permutedWindows, size, shape)
        let shape = shape
        require(
            rows.sorted() == Array(0..<shape[1] / size.height) && columns.sorted() == Array(0..<shape[2] / size.width),
            Operation.permutedWindows.name, [shape],
            "the rows \(rows) and the columns \(columns) must name each row and column of \(size) windows once")
        let order = PixelOrder.permuted(size, rows: rows, columns: columns)
        return Self.record(.permutedWindows, [self], value.reordered(order, channels: shape[3], shape)) { g, _ in
            [g.reordered(order.inverse, channels: shape[3], shape)]
        }
    }

    func requireWindows(_ operation: Operation, _ size: Pair, _ map: Shape) {
        require(
            map.rank == 4 && map.elementCount > 0 && size.height >= 1 && size.width >= 1
                && map[1] % size.height == 0 && map[2] % size.width == 0, operation.name, [map],
            "the map must be [images, height, width, channels], not empty, and divisible into \(size) windows")
    }
}

extension GradientCheck {
    static let windows: [GradientCheck] = [
        GradientCheck("windows", [[2, 4, 6, 3]]) { [$0[0].windows(Pair(2, 3))] },
        GradientCheck("windows/one window", [[2, 2, 3, 1]]) { [$0[0].windows(Pair(2, 3))] },
        GradientCheck("windows/single pixels", [[1, 2, 3, 2]]) { [$0[0].windows(1)] },
        GradientCheck("joinedWindows", [[8, 6, 3]]) { [$0[0].joined(windows: Pair(3, 2), height: 6, width: 4)] },
        GradientCheck("joinedWindows/one window", [[2, 4, 2]]) { [$0[0].joined(windows: 2, height: 2, width: 2)] },
        GradientCheck("rolled", [[2, 4, 5, 3]]) { [$0[0].rolled(rows: -1, columns: 2)] },
        GradientCheck("rolled/size 1", [[1, 1, 1, 2]]) { [$0[0].rolled(rows: 3, columns: -4)] },
        GradientCheck("permutedWindows", [[2, 6, 4, 2]]) {
            [$0[0].permutedWindows(Pair(2, 1), rows: [2, 0, 1], columns: [3, 1, 0, 2])]
        },
    ]
}
