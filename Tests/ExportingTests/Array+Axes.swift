/// A dense array with axes, as plain as possible: what the tests' interpreter computes with.
struct Axes: Equatable {
    var shape: [Int]
    var values: [Double]

    var count: Int { values.count }

    /// How far elements along each axis lie apart.
    var strides: [Int] {
        var strides = shape
        var step = 1
        for i in shape.indices.reversed() {
            strides[i] = step
            step *= shape[i]
        }
        return strides
    }

    init(_ shape: [Int], _ values: [Double]) {
        precondition(shape.reduce(1, *) == values.count, "\(shape) does not take \(values.count) values")
        self.shape = shape
        self.values = values
    }

    init(_ shape: [Int], _ value: (_ index: [Int]) -> Double) {
        self.shape = shape
        values = []
        let count = shape.reduce(1, *)
        values.reserveCapacity(count)
        var index = Array(repeating: 0, count: shape.count)
        for _ in 0..<count {
            values.append(value(index))
            for axis in shape.indices.reversed() {
                index[axis] += 1
                if index[axis] < shape[axis] { break }
                index[axis] = 0
            }
        }
    }

    subscript(_ index: [Int]) -> Double {
        var position = 0
        for (i, extent) in zip(index, shape) { position = position * extent + i }
        return values[position]
    }

    /// Where an element is under the rules of broadcasting: leading axes are left out, axes of size 1 repeated.
    private func position(_ index: [Int]) -> Int {
        var position = 0
        for (i, extent) in zip(index.suffix(shape.count), shape) {
            position = position * extent + (extent == 1 ? 0 : i)
        }
        return position
    }

    /// An element under the rules of broadcasting.
    func broadcast(_ index: [Int]) -> Double { values[position(index)] }

    func map(_ f: (Double) -> Double) -> Axes { Axes(shape, values.map(f)) }

    static func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int] {
        let rank = max(a.count, b.count)
        func padded(_ s: [Int]) -> [Int] { Array(repeating: 1, count: rank - s.count) + s }
        return zip(padded(a), padded(b)).map { x, y in
            precondition(x == y || x == 1 || y == 1, "\(a) and \(b) do not go together")
            return max(x, y)
        }
    }

    static func combined(_ a: Axes, _ b: Axes, _ f: (Double, Double) -> Double) -> Axes {
        Axes(broadcastShape(a.shape, b.shape)) { f(a.broadcast($0), b.broadcast($0)) }
    }

    /// The product of the last two axes, the others broadcast.
    static func product(_ a: Axes, _ b: Axes) -> Axes {
        let (rows, inner, columns) = (
            a.shape[a.shape.count - 2], a.shape[a.shape.count - 1], b.shape[b.shape.count - 1]
        )
        precondition(b.shape[b.shape.count - 2] == inner, "\(a.shape) and \(b.shape) cannot be multiplied")
        let batch = broadcastShape(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
        return Axes(batch + [rows, columns]) { index in
            let place = Array(index.dropLast(2))
            let row = a.position(place + [index[index.count - 2], 0])
            let column = b.position(place + [0, index[index.count - 1]])
            var sum = 0.0
            for k in 0..<inner { sum += a.values[row + k] * b.values[column + k * columns] }
            return sum
        }
    }

    func transposed(_ order: [Int]) -> Axes {
        Axes(order.map { shape[$0] }) { index in
            var source = index
            for (to, from) in order.enumerated() { source[from] = index[to] }
            return self[source]
        }
    }

    func sliced(axis: Int, _ range: Range<Int>) -> Axes {
        var target = shape
        target[axis] = range.count
        return Axes(target) { index in
            var source = index
            source[axis] += range.lowerBound
            return self[source]
        }
    }

    static func concatenated(_ parts: [Axes], axis: Int) -> Axes {
        var target = parts[0].shape
        target[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
        return Axes(target) { index in
            var source = index
            var part = 0
            while source[axis] >= parts[part].shape[axis] {
                source[axis] -= parts[part].shape[axis]
                part += 1
            }
            return parts[part][source]
        }
    }
}
