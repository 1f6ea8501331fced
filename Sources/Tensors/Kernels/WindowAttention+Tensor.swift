import CKernels

/// The windows of a map in which pixels attend to each other: Swin's (Liu et al., arXiv 2103.14030, section 3.2). The map
/// is extended below and to the right until windows fill it and moved up and left by the shift, what leaves it coming in
/// on the other side; pixels that were not neighbours before are kept apart by a mask.
package struct AttentionWindows: Sendable, Hashable {
    /// Of the map.
    package let map: Pair
    /// Of a window.
    package let size: Pair
    /// By how much the map is moved, less than a window.
    package let shift: Pair

    package init(map: Pair, size: Pair, shift: Pair) {
        (self.map, self.size, self.shift) = (map, size, shift)
    }

    /// Windows down and across.
    package var grid: Pair {
        Pair((map.height + size.height - 1) / size.height, (map.width + size.width - 1) / size.width)
    }
    /// Windows of one map.
    package var count: Int { grid.height * grid.width }
    /// Pixels of a window.
    package var tokens: Int { size.height * size.width }
    /// Whether windows reach beyond the map.
    package var isPadded: Bool { count * tokens != map.height * map.width }
    /// Rows of the table of relative positions.
    package var positions: Int { (2 * size.height - 1) * (2 * size.width - 1) }

    /// Tokens rounded up to whole vectors, the width of a row of scores.
    static func columns(_ tokens: Int) -> Int { hb_window_columns(tokens) }
    var columns: Int { Self.columns(tokens) }

    /// The row of the table for what token t looks for at token s.
    package func position(_ t: Int, _ s: Int) -> Int {
        let down = t / size.width - s / size.width + size.height - 1
        return down * (2 * size.width - 1) + t % size.width - s % size.width + size.width - 1
    }

    /// The pixel of each token, window by window; -1 beyond the map.
    package var places: [Int32] {
        var places: [Int32] = []
        places.reserveCapacity(count * tokens)
        for number in 0..<count {
            for token in 0..<tokens {
                let row =
                    (number / grid.width * size.height + token / size.width + shift.height)
                    % (grid.height * size.height)
                let column =
                    (number % grid.width * size.width + token % size.width + shift.width)
                    % (grid.width * size.width)
                let isInside = row < map.height && column < map.width
                places.append(isInside ? Int32(row * map.width + column) : -1)
            }
        }
        return places
    }

    /// Which of the four masks each window has: 1 where what came in from the other side is below, 2 where it is to the
    /// right, 3 for both.
    package var kinds: [Int32] {
        (0..<count).map { number in
            (shift.height > 0 && number / grid.width == grid.height - 1 ? 1 : 0)
                + (shift.width > 0 && number % grid.width == grid.width - 1 ? 2 : 0)
        }
    }

    /// What a mask adds to the score of two tokens: -100 where only one of them came in from the other side.
    package func mask(_ kind: Int, _ t: Int, _ s: Int) -> Double {
        func side(_ token: Int) -> (Bool, Bool) {
            (
                kind & 1 != 0 && token / size.width >= size.height - shift.height,
                kind & 2 != 0 && token % size.width >= size.width - shift.width
            )
        }
        return side(t) == side(s) ? 0 : -100
    }
}

/// Attention in the windows of maps [N, H, W, 3 C], its operands in the order in which kernels read them.
private struct WindowedMaps<S: Scalar> {
    let qkv: Tensor<S>
    let padding: Tensor<S>
    let windows: AttentionWindows
    let heads: Int
    let scale: Double
    /// [heads, tokens, columns] and behind it four masks.
    let added: Storage<S>
    let places: [Int32]
    let kinds: [Int32]

    var width: Int { qkv.shape[3] / (3 * heads) }
    /// Windows of all images.
    var total: Int { qkv.shape[0] * windows.count }
    /// Scores of one head, in whole rows.
    var scores: Int { windows.tokens * windows.columns }
    var scratch: Int { S.windowAttentionScratch(tokens: windows.tokens, width: width) }

    init(
        _ qkv: Tensor<S>, _ padding: Tensor<S>?, table: Tensor<S>, heads: Int, _ windows: AttentionWindows,
        scale: Double
    ) {
        (self.qkv, self.windows, self.heads, self.scale) = (qkv, windows, heads, scale)
        self.padding = padding ?? .zeros([qkv.shape[3]])
        (places, kinds) = (windows.places, windows.kinds)
        let (tokens, columns) = (windows.tokens, windows.columns)
        added = Storage(count: (heads + 4) * tokens * columns)
        // Far below any score, so that what lies beyond the tokens has no share.
        added.pointer.initialize(repeating: -1e30, count: added.count)
        // Without a shift all windows have the first mask, which adds nothing.
        let masks = windows.shift == 0 ? 1 : 4
        table.read { table in
            for t in 0..<tokens {
                for s in 0..<tokens {
                    let row = table + windows.position(t, s) * heads
                    for head in 0..<heads { added.pointer[(head * tokens + t) * columns + s] = row[head] }
                    for kind in 0..<masks {
                        added.pointer[((heads + kind) * tokens + t) * columns + s] = S(windows.mask(kind, t, s))
                    }
                }
            }
        }
    }

    func withOperands(_ body: (WindowAttentionOperands<S>) -> Void) {
        withElements(qkv, padding) { qkv, padding in
            places.withUnsafeBufferPointer { places in
                kinds.withUnsafeBufferPointer { kinds in
                    guard let places = places.baseAddress, let kinds = kinds.baseAddress else { return }
                    body(
                        WindowAttentionOperands(
                            qkv: qkv, padding: padding, places: places, bias: added.pointer,
                            masks: added.pointer + heads * scores, kinds: kinds, windows: windows.count,
                            pixels: windows.map.height * windows.map.width, tokens: windows.tokens, heads: heads,
                            width: width, scale: scale))
                }
            }
        }
        withExtendedLifetime(added) {}
    }

    /// Windows per chunk of about a million multiply-adds.
    var grain: Int { max(1, 1_000_000 / max(1, 2 * heads * scores * width)) }

    /// [N, H, W, C].
    func attention() -> Tensor<S> {
        reserveScratch(S.self, scratch, chunks: chunkCount(total, grain: grain))
        return Tensor(qkv.shape.replacing(axis: 3, with: heads * width)) { y in
            withOperands { operands in
                parallelFor(total, grain: grain) { range in
                    let scratch = Storage<S>(count: self.scratch)
                    S.windowAttention(operands, range, scratch.pointer, y)
                }
            }
        }
    }

    /// The gradients of q, k and v, of the table and of the padding.
    func gradients(of g: Tensor<S>) -> (qkv: Tensor<S>, table: Tensor<S>, padding: Tensor<S>) {
        let biases = heads * scores
        let columns = biases + qkv.shape[3]
        let sums = Storage<S>(count: columns)
        let grain = reductionGrain(rows: total, block: 1, elements: columns)
        reserveScratch(S.self, scratch, chunks: chunkCount(total, grain: grain))
        let dqkv = Tensor<S>(qkv.shape) { dqkv in
            g.read { g in
                withOperands { operands in
                    reduceRows(total, columns: columns, grain: grain, into: sums.pointer) { range, partial in
                        clear(partial, columns)
                        let scratch = Storage<S>(count: self.scratch)
                        S.windowAttentionGradient(
                            operands, g, range, scratch.pointer, dqkv, dBias: partial, dPadding: partial + biases)
                    }
                }
            }
        }
        let table = Tensor<S>([windows.positions, heads]) { table in
            clear(table, windows.positions * heads)
            for head in 0..<heads {
                for t in 0..<windows.tokens {
                    let row = sums.pointer + head * scores + t * windows.columns
                    for s in 0..<windows.tokens { table[windows.position(t, s) * heads + head] += row[s] }
                }
            }
        }
        return (dqkv, table, Tensor(storage: sums, offset: biases, shape: [qkv.shape[3]]))
    }
}

extension Tensor {
    /// For self = q, k and v [N, H, W, 3 C]: attention within windows, [N, H, W, C]; see `Variable.windowAttention`.
    package func windowAttention(
        _ table: Tensor, padding: Tensor?, heads: Int, _ windows: AttentionWindows, scale: Double
    ) -> Tensor {
        WindowedMaps(self, padding, table: table, heads: heads, windows, scale: scale).attention()
    }

    /// For self = q, k and v: the gradients of self, of the table and of the padding.
    package func windowAttentionGradients(
        of g: Tensor, _ table: Tensor, padding: Tensor?, heads: Int, _ windows: AttentionWindows, scale: Double
    ) -> (qkv: Tensor, table: Tensor, padding: Tensor) {
        WindowedMaps(self, padding, table: table, heads: heads, windows, scale: scale).gradients(of: g)
    }
}
