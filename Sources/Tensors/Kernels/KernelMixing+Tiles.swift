import CKernels

// Kernels that are mixed of experts, made where they are used: see `SampleTiles`.
extension MixedKernels: TiledKernels where S == Float {
    /// Sums of a task: of each map's coefficients, and of the factors of its rows and columns.
    package final class Part: @unchecked Sendable {  // used by one thread at a time
        let rows: Range<Int>
        let columns: Range<Int>
        /// [N][expert][tap][16], and the sums over the sixteen.
        let lanes: Storage<Float>
        let coefficients: Storage<Float>
        /// [N][32] and [N][rows].
        let inputs: Storage<Float>
        let outputs: Storage<Float>

        init(_ rows: Range<Int>, _ columns: Range<Int>, samples: Int, coefficients count: Int) {
            (self.rows, self.columns) = (rows, columns)
            lanes = Storage(count: samples * count * 16)
            coefficients = Storage(count: samples * count)
            inputs = Storage(count: samples * 32)
            outputs = Storage(count: samples * rows.count)
            for storage in [lanes, inputs, outputs] { clear(storage.pointer, storage.count) }
        }
    }

    private var count: Int { sizes.experts * sizes.taps }
    private var columnCount: Int { experts.shape[4] }

    package var fitsTiles: Bool { true }
    package var rowUnit: Int { 64 }
    package func room(_ samples: Int) -> (panel: [Int], gradient: [Int]) {
        ([16 * sizes.experts * 9 * 32], [sizes.experts * 9 * Int(HB_BLOCK)])
    }

    package func panel(
        _ columns: Range<Int>, _ inner: Range<Int>, _ samples: Range<Int>, turned: Bool
    ) -> ExpertPanel {
        let storage = Tiling.scratch(inner.count * sizes.experts * 9 * 32)
        hb_expert_panels(
            experts.start, sizes.size, sizes.experts, columnCount, turned ? 1 : 0, columns.lowerBound, columns.count,
            inner.lowerBound, inner.count, storage.pointer)
        return ExpertPanel(
            storage: storage, stride: sizes.experts * 9 * 32, experts: sizes.experts, isPerTap: sizes.taps > 1)
    }

    package func factors(
        _ sample: Int, turned: Bool
    ) -> (inner: UnsafePointer<Float>?, columns: UnsafePointer<Float>?) {
        let own = factors(sample)
        return turned ? (own.outputs, own.inputs) : (own.inputs, own.outputs)
    }

    package func coefficients(_ sample: Int) -> UnsafePointer<Float>? { factors(sample).coefficients }

    package func part(_ rows: Range<Int>, _ columns: Range<Int>) -> Part {
        Part(rows, columns, samples: samples, coefficients: count)
    }

    package func take(_ part: Part, row: Int, _ samples: Range<Int>, _ d: UnsafeMutablePointer<Float>) {
        guard let gradients else { return }
        let first = row * 9 * columnCount + part.columns.lowerBound
        let room = Tiling.scratch(sizes.experts * 9 * Int(HB_BLOCK))
        hb_expert_block_of(
            experts.start + first, sizes.size, sizes.experts, columnCount, part.columns.count, room.pointer)
        var block = hb_expert_block(
            e: room.pointer, experts: sizes.experts, halves: part.columns.count / 16, per_tap: sizes.taps > 1 ? 1 : 0)
        for (i, sample) in samples.enumerated() {
            let own = factors(sample)
            var mixture = hb_block_mixture(
                coefficients: own.coefficients, columns: own.inputs.map { $0 + part.columns.lowerBound },
                rows: own.outputs.map { $0 + row })
            hb_block_dots(
                &block, &mixture, d + i * 9 * Int(HB_BLOCK), part.lanes.pointer + sample * count * 16,
                part.inputs.pointer + sample * 32,
                part.outputs.pointer + sample * part.rows.count + row - part.rows.lowerBound)
        }
        hb_block_experts(
            &block, samples.count, d, 9 * Int(HB_BLOCK), factors(samples.lowerBound).coefficients, count,
            gradients.experts.storage.pointer + first, sizes.size, columnCount)
    }

    package func close(_ part: Part) {
        hb_lane_sums(part.lanes.pointer, samples * count, part.coefficients.pointer)
    }

    package func collect(_ parts: [Part]) {
        guard let gradients else { return }
        let (inputs, outputs) = (columnCount, sizes.outputs)
        for part in parts {
            for i in 0..<samples * count {
                gradients.coefficients.storage.pointer[i] += part.coefficients.pointer[i]
            }
            for sample in 0..<samples {
                if let target = gradients.inputs {
                    let to = target.storage.pointer + sample * inputs
                    for (i, column) in part.columns.enumerated() { to[column] += part.inputs.pointer[32 * sample + i] }
                }
                if let target = gradients.outputs {
                    let to = target.storage.pointer + sample * outputs
                    for (i, row) in part.rows.enumerated() {
                        to[row] += part.outputs.pointer[sample * part.rows.count + i]
                    }
                }
            }
        }
    }
}
