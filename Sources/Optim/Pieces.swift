import Tensors

/// Ranges of a flat buffer, each of an owner, in parts cut by size alone so that results do not depend on the number of
/// threads.
struct Pieces: Sendable, Equatable {
    struct Piece: Equatable {
        let owner: Int
        let range: Range<Int>
    }

    /// In the order of the ranges.
    let pieces: [Piece]
    private let chunks: [Range<Int>]

    /// - Parameter ranges: each with the owner that `forEachPiece` names.
    init(_ ranges: [(owner: Int, range: Range<Int>)]) {
        pieces = ranges.flatMap { owner, range in cut(range).map { Piece(owner: owner, range: $0) } }
        chunks = bundle(pieces.map(\.range.count))
    }

    /// Calls `body` with every piece's number, owner and range, in parallel.
    func forEachPiece(_ body: (_ piece: Int, _ owner: Int, _ range: Range<Int>) -> Void) {
        ThreadPool.current.run(chunks: chunks.count) { chunk in
            for index in chunks[chunk] { body(index, pieces[index].owner, pieces[index].range) }
        }
    }
}

/// A range in pieces of `elementGrain`, the last one shorter.
func cut(_ range: Range<Int>) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: elementGrain).map {
        $0..<min($0 + elementGrain, range.upperBound)
    }
}

/// Runs of neighbours of about `elementGrain` elements, so that a model of many small parameters makes few chunks.
private func bundle(_ counts: [Int]) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var start = 0
    var elements = 0
    for (index, count) in counts.enumerated() {
        elements += count
        if elements >= elementGrain || index == counts.count - 1 {
            chunks.append(start..<index + 1)
            (start, elements) = (index + 1, 0)
        }
    }
    return chunks
}
