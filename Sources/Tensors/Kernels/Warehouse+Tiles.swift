import CKernels

// Kernels of a warehouse's cells, made where they are used: see `SampleTiles`. A panel's kernels of all maps are a product of
// their coefficients and the cells' own panel.
extension WarehouseKernels: TiledKernels where S == Float {
    /// Sums of a task: of all maps' coefficients, and of the cells where other tasks have the same ones.
    package final class Part: @unchecked Sendable {  // used by one thread at a time
        let rows: Range<Int>
        let columns: Range<Int>
        /// [N tap][cell], those of the block of the kernels that rows and columns are in.
        let given: Storage<Float>
        let coefficients: Storage<Float>
        /// [cell][rows][32].
        let cells: Storage<Float>?

        init(_ rows: Range<Int>, _ columns: Range<Int>, given: Storage<Float>, cells count: Int) {
            (self.rows, self.columns, self.given) = (rows, columns, given)
            coefficients = Storage(count: given.count)
            cells = count > 0 ? Storage(count: count * rows.count * 32) : nil
            for storage in [coefficients, cells].compactMap({ $0 }) { clear(storage.pointer, storage.count) }
        }
    }

    private var height: Int { cells.shape[1] }
    private var width: Int { cells.shape[2] }
    private var down: Int { shape[0] / height }
    private var across: Int { shape[3] / width }

    package var fitsTiles: Bool { height % 32 == 0 && width % 32 == 0 && count > 0 }
    package var rowUnit: Int { height }
    package func room(_ samples: Int) -> (panel: [Int], gradient: [Int]) {
        let block = count * Int(HB_BLOCK)
        return ([16 * samples * 9 * 32, samples * 9 * count, 16 * count * 32], [block, block])
    }

    package func factors(
        _ sample: Int, turned: Bool
    ) -> (inner: UnsafePointer<Float>?, columns: UnsafePointer<Float>?) { (nil, nil) }

    package func coefficients(_ sample: Int) -> UnsafePointer<Float>? { nil }

    /// The coefficients [samples tap][cell] of the block of the kernels that a row and a column are in.
    private func gather(_ samples: Range<Int>, row: Int, column: Int, into target: UnsafeMutablePointer<Float>) {
        let block = row / height * across + column / width
        for (i, sample) in samples.enumerated() {
            for tap in 0..<9 {
                let place = sample * places + tap * down * across + block
                (target + (i * 9 + tap) * count).update(from: coefficients.start + place * count, count: count)
            }
        }
    }

    package func panel(
        _ columns: Range<Int>, _ inner: Range<Int>, _ samples: Range<Int>, turned: Bool
    ) -> ExpertPanel {
        let rows = samples.count * 9
        let storage = Tiling.scratch(inner.count * rows * 32)
        let (given, own) = (Tiling.scratch(rows * count), Tiling.scratch(inner.count * count * 32))
        let (row, column) = turned ? (inner.lowerBound, columns.lowerBound) : (columns.lowerBound, inner.lowerBound)
        gather(samples, row: row, column: column, into: given.pointer)
        hb_cell_panels(
            cells.start, height * width, count, width, turned ? 1 : 0, columns.lowerBound % (turned ? width : height),
            inner.lowerBound % (turned ? height : width), inner.count, own.pointer)
        for i in 0..<inner.count {
            let operand = ProductOperand<Float>(
                own.pointer + i * count * 32, stride: 32, transposed: false, inner: count, columns: 32)
            operand.product(rows, given.pointer, into: storage.pointer + i * rows * 32)
        }
        withExtendedLifetime((given, own)) {}
        return ExpertPanel(storage: storage, stride: rows * 32, sampleStride: 9 * 32, experts: 1, isPerTap: false)
    }

    package func part(_ rows: Range<Int>, _ columns: Range<Int>) -> Part {
        let given = Storage<Float>(count: samples * 9 * count)
        gather(0..<samples, row: rows.lowerBound, column: columns.lowerBound, into: given.pointer)
        return Part(rows, columns, given: given, cells: down * across > 1 ? count : 0)
    }

    package func take(_ part: Part, row: Int, _ samples: Range<Int>, _ d: UnsafeMutablePointer<Float>) {
        guard let gradients else { return }
        let (rows, first) = (samples.count * 9, samples.lowerBound * 9 * count)
        let (lines, elements) = (Int(HB_BLOCK_ROWS), Int(HB_BLOCK))
        let size = count * elements
        let (block, sums) = (Tiling.scratch(size), Tiling.scratch(size))
        let place = row % height * width + part.columns.lowerBound % width
        for cell in 0..<count {
            for i in 0..<lines {
                (block.pointer + (cell * lines + i) * 32)
                    .update(from: cells.start + cell * height * width + place + i * width, count: 32)
            }
        }
        let operand = ProductOperand<Float>(
            block.pointer, stride: elements, transposed: true, inner: elements, columns: count)
        operand.product(rows, d, adding: true, into: part.coefficients.pointer + first)
        clear(sums.pointer, size)
        Float.addTransposedProduct(
            count, elements, rows, part.given.pointer + first, d, ProductPrecision.current, into: sums.pointer)
        for cell in 0..<count {
            for i in 0..<lines {
                let own = (cell * part.rows.count + row - part.rows.lowerBound + i) * 32
                let target =
                    part.cells.map { $0.pointer + own }
                    ?? gradients.cells.storage.pointer + (cell * height * width + place + i * width)
                Float.accumulate(sums.pointer + (cell * lines + i) * 32, target, 32)
            }
        }
        withExtendedLifetime((block, sums)) {}
    }

    package func close(_ part: Part) {}

    package func collect(_ parts: [Part]) {
        guard let gradients else { return }
        for part in parts {
            let block = part.rows.lowerBound / height * across + part.columns.lowerBound / width
            for row in 0..<samples * 9 {
                let place = row / 9 * places + row % 9 * down * across + block
                Float.accumulate(
                    part.coefficients.pointer + row * count, gradients.coefficients.storage.pointer + place * count,
                    count)
            }
        }
        // Cells that several parts add to, each by one thread, part by part.
        guard down * across > 1 else { return }
        parallelFor(count, grain: 1) { range in
            for cell in range {
                for part in parts {
                    guard let own = part.cells else { continue }
                    for (i, row) in part.rows.enumerated() {
                        let place = row % height * width + part.columns.lowerBound % width
                        Float.accumulate(
                            own.pointer + (cell * part.rows.count + i) * 32,
                            gradients.cells.storage.pointer + cell * height * width + place, 32)
                    }
                }
            }
        }
    }
}
