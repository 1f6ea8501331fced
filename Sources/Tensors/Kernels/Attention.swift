extension Tensor {
    /// For self = q [B, heads, T, d], k [B, heads, S, d], v [B, heads, S, dv]: softmax(scale q k^T) v, [B, heads, T,
    /// dv], and the probabilities [B, heads, T, S] when they are to be kept.
    package func attention(
        _ k: Tensor, _ v: Tensor, scale: Double, keepingProbabilities: Bool
    ) -> (output: Tensor, probabilities: Tensor?) {
        let (t, s, d, dv) = (shape[2], k.shape[2], shape[3], v.shape[3])
        let heads = shape[0] * shape[1]
        let kept = keepingProbabilities ? Storage<S>(count: heads * t * s) : nil
        if kept == nil { reserveScratch(S.self, t * s, chunks: heads) }
        let output = Tensor(Shape([shape[0], shape[1], t, dv])) { y in
            withElements(self, k, v) { q, k, v in
                parallelFor(heads, grain: headGrain(t * s * (d + dv))) { range in
                    let scratch = kept == nil ? Storage<S>(count: t * s) : nil
                    for head in range {
                        guard let p = kept.map({ $0.pointer + head * t * s }) ?? scratch?.pointer else { continue }
                        S.product(
                            t, s, d, q + head * t * d, d, transposed: false, k + head * s * d, d, transposed: true,
                            beta: 0, p, s)
                        S.softmax(p, scale: scale, p, t, s)
                        S.product(
                            t, dv, s, p, s, transposed: false, v + head * s * dv, dv, transposed: false, beta: 0,
                            y + head * t * dv, dv)
                    }
                }
            }
        }
        let probabilities = kept.map { Tensor(storage: $0, offset: 0, shape: Shape([shape[0], shape[1], t, s])) }
        return (output, probabilities)
    }

    /// For self = the probabilities p: the gradients of q, k and v.
    package func attentionGradient(
        _ g: Tensor, _ q: Tensor, _ k: Tensor, _ v: Tensor, scale: Double
    ) -> (q: Tensor, k: Tensor, v: Tensor) {
        let (t, s, d, dv) = (shape[2], shape[3], q.shape[3], v.shape[3])
        let heads = shape[0] * shape[1]
        let dq = Storage<S>(count: q.elementCount)
        let dk = Storage<S>(count: k.elementCount)
        let dvalues = Storage<S>(count: v.elementCount)
        reserveScratch(S.self, t * s, chunks: heads)
        read { p in
            withElements(g, q, k, v) { g, q, k, v in
                parallelFor(heads, grain: headGrain(2 * t * s * (d + dv))) { range in
                    let scratch = Storage<S>(count: t * s)
                    let ds = scratch.pointer
                    for head in range {
                        let p = p + head * t * s
                        let g = g + head * t * dv
                        S.product(
                            s, dv, t, p, s, transposed: true, g, dv, transposed: false, beta: 0,
                            dvalues.pointer + head * s * dv, dv)
                        S.product(
                            t, s, dv, g, dv, transposed: false, v + head * s * dv, dv, transposed: true, beta: 0, ds, s)
                        S.softmaxGradient(p, ds, scale: scale, ds, t, s)
                        S.product(
                            t, d, s, ds, s, transposed: false, k + head * s * d, d, transposed: false, beta: 0,
                            dq.pointer + head * t * d, d)
                        S.product(
                            s, d, t, ds, s, transposed: true, q + head * t * d, d, transposed: false, beta: 0,
                            dk.pointer + head * s * d, d)
                    }
                }
            }
        }
        return (
            Tensor(storage: dq, offset: 0, shape: q.shape), Tensor(storage: dk, offset: 0, shape: k.shape),
            Tensor(storage: dvalues, offset: 0, shape: v.shape)
        )
    }
}

/// Heads per chunk when one of them takes `work` multiply-adds.
func headGrain(_ work: Int) -> Int { max(1, 1_000_000 / max(1, work)) }
