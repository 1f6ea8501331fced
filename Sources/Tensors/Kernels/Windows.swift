import CKernels

/// A rearrangement of the pixels of each map, as a table of runs of neighbouring pixels: run i of the result is run
/// `sources[i]` of the map. Nothing is computed, so both element types share one copying kernel.
package struct PixelOrder: Sendable {
    /// Which run of the map each run of the result is; all of them, each once.
    let sources: [Int32]
    /// Pixels of a run.
    let run: Int

    private init(_ sources: [Int32], run: Int) {
        self.sources = sources
        self.run = run
    }

    /// The order that undoes this one.
    package var inverse: PixelOrder {
        var inverse = [Int32](repeating: 0, count: sources.count)
        for (i, source) in sources.enumerated() { inverse[Int(source)] = Int32(i) }
        return PixelOrder(inverse, run: run)
    }

    /// Window after window, row by row, and within a window pixel after pixel.
    package static func windows(_ size: Pair, height: Int, width: Int) -> PixelOrder {
        let across = width / size.width
        var sources: [Int32] = []
        sources.reserveCapacity(height * across)
        for top in stride(from: 0, to: height, by: size.height) {
            for column in 0..<across {
                for row in top..<top + size.height { sources.append(Int32(row * across + column)) }
            }
        }
        return PixelOrder(sources, run: size.width)
    }

    /// So many pixels from the last to the first.
    package static func reversed(_ count: Int) -> PixelOrder {
        PixelOrder((0..<count).map { Int32(count - 1 - $0) }, run: 1)
    }

    /// Window (i, j) of the result is window (rows[i], columns[j]) of the map.
    package static func permuted(_ size: Pair, rows: [Int], columns: [Int]) -> PixelOrder {
        var sources: [Int32] = []
        sources.reserveCapacity(rows.count * size.height * columns.count)
        for row in rows {
            for line in row * size.height..<(row + 1) * size.height {
                for column in columns { sources.append(Int32(line * columns.count + column)) }
            }
        }
        return PixelOrder(sources, run: size.width)
    }

    /// Pixel (i, j) goes to (i + rows, j + columns), what leaves the map on one side coming in on the other.
    package static func rolled(rows: Int, columns: Int, height: Int, width: Int) -> PixelOrder {
        func wrapped(_ place: Int, _ extent: Int) -> Int { ((place % extent) + extent) % extent }
        let (down, right) = (wrapped(rows, height), wrapped(columns, width))
        var sources: [Int32] = []
        sources.reserveCapacity(height * width)
        for i in 0..<height {
            let line = wrapped(i - down, height) * width
            for j in 0..<width { sources.append(Int32(line + wrapped(j - right, width))) }
        }
        return PixelOrder(sources, run: 1)
    }

    /// The pixels of each `factor` x `factor` cell together, column by column: (0, 0), (1, 0), ... (0, 1), (1, 1), ...
    package static func cells(_ factor: Int, height: Int, width: Int) -> PixelOrder {
        var sources: [Int32] = []
        sources.reserveCapacity(height * width)
        for top in stride(from: 0, to: height, by: factor) {
            for left in stride(from: 0, to: width, by: factor) {
                for column in left..<left + factor {
                    for row in top..<top + factor { sources.append(Int32(row * width + column)) }
                }
            }
        }
        return PixelOrder(sources, run: 1)
    }
}

extension Tensor {
    /// The pixels, `channels` elements each, of every map in another order, under a new shape.
    package func reordered(_ order: PixelOrder, channels: Int, _ newShape: Shape) -> Tensor {
        let (count, run) = (order.sources.count, order.run * channels)
        return Tensor(newShape) { y in
            read { x in
                order.sources.withUnsafeBufferPointer { sources in
                    guard let sources = sources.baseAddress else { return }
                    parallelFor(elementCount / max(1, run), grain: max(1, elementGrain / max(1, run))) { runs in
                        var first = runs.lowerBound
                        while first < runs.upperBound {
                            let place = first % count
                            let number = min(count - place, runs.upperBound - first)
                            hb_gather_runs(
                                x + (first - place) * run, y + first * run, sources + place, number,
                                run * MemoryLayout<S>.stride)
                            first += number
                        }
                    }
                }
            }
        }
    }
}
