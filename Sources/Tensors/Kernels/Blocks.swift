import CKernels

/// Cuts a range of rows into blocks of at most `rows`.
func forEachBlock(_ range: Range<Int>, _ rows: Int, _ body: (Range<Int>) -> Void) {
    var first = range.lowerBound
    while first < range.upperBound {
        let block = first..<min(first + rows, range.upperBound)
        body(block)
        first = block.upperBound
    }
}

/// The ranges of the given widths, one after the other from 0.
func consecutiveRanges(_ widths: [Int]) -> [Range<Int>] {
    var first = 0
    return widths.map { width in
        defer { first += width }
        return first..<first + width
    }
}

/// Rows per block when each may have at most `most`: even blocks, at least four of them where there are rows enough to
/// share among threads. A function of the sizes alone.
func evenBlockRows(_ rows: Int, most: Int) -> Int {
    let blocks = max((rows + most - 1) / most, min(4, rows / 24), 1)
    let even = (rows + blocks - 1) / blocks
    return even > 96 ? min(most, (even + 11) / 12 * 12) : max(1, even)
}

/// The same for work that sums nothing over rows, so that blocks may be cut anywhere: a few blocks become an even number
/// of them, which two threads finish together. With more blocks an odd one costs little.
func sharedBlockRows(_ rows: Int, most: Int) -> Int {
    let block = evenBlockRows(rows, most: most)
    let blocks = (rows + block - 1) / max(1, block)
    guard blocks > 2, blocks < 6, blocks % 2 == 1 else { return block }
    return (rows + blocks) / (blocks + 1)
}

/// Rows per block where each block reads weights that are large beside its rows, as those of wide layers in inference are: as
/// few blocks as give all threads the same. The number of threads decides, so it is for work in which the bits of a row do not
/// depend on the block it is in.
func fewestBlockRows(_ rows: Int, most: Int) -> Int {
    let threads = ThreadPool.current.threads
    let needed = max((rows + most - 1) / most, min(threads, max(1, rows / 24)))
    let blocks = (needed + threads - 1) / threads * threads
    let even = max(1, (rows + blocks - 1) / blocks)
    return blocks > 4 * threads ? min(most, (even + 11) / 12 * 12) : even
}

/// Rows per chunk of a reduction whose partial sums have that many elements: a whole number of blocks, and the fewer
/// chunks the larger the sums, which each chunk has for itself. Where sums are so large that there are four chunks at
/// most and the last one would be much shorter, equal numbers of rows instead. A function of the sizes alone.
func reductionGrain(rows: Int, block: Int, elements: Int) -> Int {
    let blocks = (rows + block - 1) / block
    let most = elements > 1 << 18 ? 4 : elements > 1 << 15 ? 8 : 16
    let grain = max(1, (blocks + most - 1) / most) * block
    let chunks = (rows + grain - 1) / grain
    let last = rows - (chunks - 1) * grain
    guard most == 4, chunks > 1, 4 * last < 3 * grain else { return grain }
    return min(grain, ((rows + chunks - 1) / chunks + 11) / 12 * 12)
}

/// Takes scratch memory for every thread that may work on so many chunks at once, and gives it back: the chunks then find
/// it in the pool, whose size so depends on the sizes of a step and never on which thread was quicker. Chunks of a task that
/// is a chunk itself run one after the other and need no more than one's.
func reserveScratch<S: Scalar>(_ type: S.Type, _ counts: Int..., chunks: Int) {
    let threads = min(ThreadPool.current.threads, chunks)
    guard threads > 1, !hb_in_worker() else { return }
    StoragePool.asForThreads {
        let held = (0..<threads).map { _ in counts.map { Storage<S>(count: $0) } }
        withExtendedLifetime(held) {}
    }
}

/// The number of chunks of so many rows each.
func chunkCount(_ rows: Int, grain: Int) -> Int { (rows + grain - 1) / max(1, grain) }
