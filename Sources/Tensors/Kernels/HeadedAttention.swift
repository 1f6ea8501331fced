// The loops are those of `MatrixProduct.swift` and `Softmax.swift`.

/// Attention whose heads lie beside each other in the channels: q [B, T, C], k and v [B, S, C]; where there is no v, the
/// keys are the values too. The products read a head's channels where they are, and nothing is turned.
private struct HeadedAttention<S: Scalar> {
    let q: Tensor<S>
    let k: Tensor<S>
    let v: Tensor<S>?
    let heads: Int
    let scale: Double

    var batch: Int { q.shape[0] }
    var queries: Int { q.shape[1] }
    var keys: Int { k.shape[1] }
    var channels: Int { q.shape[2] }
    var width: Int { channels / heads }
    var scores: Int { queries * keys }
    /// Heads of all samples per chunk.
    func grain(_ products: Int) -> Int { headGrain(products * scores * width) }

    /// p = softmax(scale q k^T) for a head.
    func probabilities(_ q: UnsafePointer<S>, _ k: UnsafePointer<S>, _ p: UnsafeMutablePointer<S>) {
        S.product(
            queries, keys, width, q, channels, transposed: false, k, channels, transposed: true, beta: 0, p, keys)
        S.softmax(p, scale: scale, p, queries, keys)
    }

    /// Where the channels of head `number` of all samples start among rows of queries and of keys.
    func starts(_ number: Int) -> (queries: Int, keys: Int) {
        let (sample, head) = (number / heads, number % heads)
        return ((sample * queries) * channels + head * width, (sample * keys) * channels + head * width)
    }

    func output() -> Tensor<S> {
        let grain = grain(2)
        reserveScratch(S.self, scores, chunks: chunkCount(batch * heads, grain: grain))
        return Tensor(q.shape) { y in
            withElements(q, k, v ?? k) { q, k, v in
                parallelFor(batch * heads, grain: grain) { range in
                    let scratch = Storage<S>(count: scores)
                    for number in range {
                        let start = starts(number)
                        probabilities(q + start.queries, k + start.keys, scratch.pointer)
                        S.product(
                            queries, width, keys, scratch.pointer, keys, transposed: false, v + start.keys, channels,
                            transposed: false, beta: 0, y + start.queries, channels)
                    }
                }
            }
        }
    }

    /// The gradients of q, k and v; of q and of k as keys and values where there is no v.
    func gradients(of g: Tensor<S>) -> [Tensor<S>] {
        let grain = grain(5)
        let (dq, dk) = (Storage<S>(count: q.elementCount), Storage<S>(count: k.elementCount))
        let dv = v.map { Storage<S>(count: $0.elementCount) }
        reserveScratch(S.self, 2 * scores, chunks: chunkCount(batch * heads, grain: grain))
        withElements(g, q, k, v ?? k) { g, q, k, v in
            parallelFor(batch * heads, grain: grain) { range in
                let scratch = Storage<S>(count: 2 * scores)
                let (p, ds) = (scratch.pointer, scratch.pointer + scores)
                for number in range {
                    let start = starts(number)
                    let (q, k, v, g) = (q + start.queries, k + start.keys, v + start.keys, g + start.queries)
                    probabilities(q, k, p)
                    S.product(
                        keys, width, queries, p, keys, transposed: true, g, channels, transposed: false, beta: 0,
                        (dv ?? dk).pointer + start.keys, channels)
                    S.product(
                        queries, keys, width, g, channels, transposed: false, v, channels, transposed: true, beta: 0,
                        ds, keys)
                    S.softmaxGradient(p, ds, scale: scale, ds, queries, keys)
                    S.product(
                        queries, width, keys, ds, keys, transposed: false, k, channels, transposed: false, beta: 0,
                        dq.pointer + start.queries, channels)
                    // Keys that are values too have both gradients.
                    S.product(
                        keys, width, queries, ds, keys, transposed: true, q, channels, transposed: false,
                        beta: dv == nil ? 1 : 0, dk.pointer + start.keys, channels)
                }
            }
        }
        return [
            Tensor(storage: dq, offset: 0, shape: q.shape), Tensor(storage: dk, offset: 0, shape: k.shape),
        ] + (dv.map { [Tensor(storage: $0, offset: 0, shape: k.shape)] } ?? [])
    }
}

extension Tensor {
    /// For self = q [B, T, C], k and v [B, S, C]: softmax(scale q k^T) v for each head, [B, T, C].
    package func headedAttention(_ k: Tensor, _ v: Tensor?, heads: Int, scale: Double) -> Tensor {
        HeadedAttention(q: self, k: k, v: v, heads: heads, scale: scale).output()
    }

    /// For self = g: the gradients of q, k and v.
    package func headedAttentionGradients(
        _ q: Tensor, _ k: Tensor, _ v: Tensor?, heads: Int, scale: Double
    ) -> [Tensor] {
        HeadedAttention(q: q, k: k, v: v, heads: heads, scale: scale).gradients(of: self)
    }
}
