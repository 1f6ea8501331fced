import CKernels

/// What a kernel of windowed attention works on, lent for a call.
public struct WindowAttentionOperands<S> {
    /// q, k and v of each pixel, heads beside each other within them.
    let qkv: UnsafePointer<S>
    /// The same three for what lies beyond the map.
    let padding: UnsafePointer<S>
    /// Each token's pixel, -1 beyond the map.
    let places: UnsafePointer<Int32>
    /// What is added to the scores, [heads, tokens, columns].
    let bias: UnsafePointer<S>
    /// Four masks, [4, tokens, columns].
    let masks: UnsafePointer<S>
    /// Which mask each window has.
    let kinds: UnsafePointer<Int32>
    /// In one image.
    let windows: Int
    /// In one image.
    let pixels: Int
    /// In a window.
    let tokens: Int
    /// Parts of the channels that attend on their own.
    let heads: Int
    /// Channels of a head.
    let width: Int
    /// Factor of the scores.
    let scale: Double

    /// The width of a row of scores.
    var columns: Int { AttentionWindows.columns(tokens) }
}

/// What `Kernels/WindowAttention.swift` asks of an element type.
public protocol WindowAttentionKernels {
    /// Elements that a call needs beside its operands.
    static func windowAttentionScratch(tokens: Int, width: Int) -> Int
    /// y = softmax(scale q k^T + bias + mask) v for some windows of all images.
    static func windowAttention(
        _ operands: WindowAttentionOperands<Self>, _ windows: Range<Int>, _ scratch: UnsafeMutablePointer<Self>,
        _ y: UnsafeMutablePointer<Self>)
    /// For g = dy: the gradient of q, k and v at the windows' pixels; adds to those of the bias and of the padding.
    static func windowAttentionGradient(
        _ operands: WindowAttentionOperands<Self>, _ g: UnsafePointer<Self>, _ windows: Range<Int>,
        _ scratch: UnsafeMutablePointer<Self>, _ dqkv: UnsafeMutablePointer<Self>,
        dBias: UnsafeMutablePointer<Self>, dPadding: UnsafeMutablePointer<Self>)
}

extension WindowAttentionOperands where S == Float {
    fileprivate var description: hb_attention_windows {
        hb_attention_windows(
            qkv: qkv, padding: padding, places: places, bias: bias, masks: masks, kinds: kinds, windows: windows,
            pixels: pixels, tokens: tokens, heads: heads, width: width, scale: Float(scale))
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: WindowAttentionKernels {
    public static func windowAttentionScratch(tokens: Int, width: Int) -> Int {
        hb_window_attention_scratch(tokens, width)
    }

    public static func windowAttention(
        _ operands: WindowAttentionOperands<Float>, _ windows: Range<Int>, _ scratch: UnsafeMutablePointer<Float>,
        _ y: UnsafeMutablePointer<Float>
    ) {
        var description = operands.description
        hb_window_attention(&description, windows.lowerBound, windows.count, scratch, y)
    }

    public static func windowAttentionGradient(
        _ operands: WindowAttentionOperands<Float>, _ g: UnsafePointer<Float>, _ windows: Range<Int>,
        _ scratch: UnsafeMutablePointer<Float>, _ dqkv: UnsafeMutablePointer<Float>,
        dBias: UnsafeMutablePointer<Float>, dPadding: UnsafeMutablePointer<Float>
    ) {
        var description = operands.description
        hb_window_attention_gradient(
            &description, g, windows.lowerBound, windows.count, scratch, dqkv, dBias, dPadding)
    }
}

extension WindowAttentionOperands where S == Double {
    /// Calls `body` for each head of some windows, with where its q, k and v are among the channels and the place of each
    /// token; and after it has put the probabilities into `p` [tokens, columns].
    fileprivate func forEachHead(
        _ windows: Range<Int>, _ p: UnsafeMutablePointer<Double>,
        _ body: (_ head: Int, _ row: (Int) -> UnsafePointer<Double>, _ pixel: (Int) -> Int?) -> Void
    ) {
        let channels = heads * width
        for number in windows {
            let (image, window) = (number / self.windows, number % self.windows)
            func pixel(_ token: Int) -> Int? {
                let place = Int(places[window * tokens + token])
                return place < 0 ? nil : image * pixels + place
            }
            for head in 0..<heads {
                func row(_ token: Int) -> UnsafePointer<Double> {
                    (pixel(token).map { qkv + $0 * 3 * channels } ?? padding) + head * width
                }
                for t in 0..<tokens {
                    let scores = p + t * columns
                    for s in 0..<tokens {
                        var sum = 0.0
                        for c in 0..<width { sum += row(t)[c] * row(s)[channels + c] }
                        scores[s] =
                            scale * sum + bias[(head * tokens + t) * columns + s]
                            + masks[(Int(kinds[window]) * tokens + t) * columns + s]
                    }
                    Double.softmax(scores, scale: 1, scores, 1, tokens)
                }
                body(head, row, pixel)
            }
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: WindowAttentionKernels {
    public static func windowAttentionScratch(tokens: Int, width: Int) -> Int {
        tokens * AttentionWindows.columns(tokens) + tokens
    }

    public static func windowAttention(
        _ operands: WindowAttentionOperands<Double>, _ windows: Range<Int>, _ scratch: UnsafeMutablePointer<Double>,
        _ y: UnsafeMutablePointer<Double>
    ) {
        let (tokens, width, channels) = (operands.tokens, operands.width, operands.heads * operands.width)
        operands.forEachHead(windows, scratch) { head, row, pixel in
            for t in 0..<tokens {
                guard let pixel = pixel(t) else { continue }
                for c in 0..<width {
                    var sum = 0.0
                    for s in 0..<tokens { sum += scratch[t * operands.columns + s] * row(s)[2 * channels + c] }
                    y[pixel * channels + head * width + c] = sum
                }
            }
        }
    }

    public static func windowAttentionGradient(
        _ operands: WindowAttentionOperands<Double>, _ g: UnsafePointer<Double>, _ windows: Range<Int>,
        _ scratch: UnsafeMutablePointer<Double>, _ dqkv: UnsafeMutablePointer<Double>,
        dBias: UnsafeMutablePointer<Double>, dPadding: UnsafeMutablePointer<Double>
    ) {
        let (tokens, width, channels) = (operands.tokens, operands.width, operands.heads * operands.width)
        let dp = scratch + tokens * operands.columns
        operands.forEachHead(windows, scratch) { head, row, pixel in
            func gradient(_ token: Int) -> UnsafeMutablePointer<Double> {
                (pixel(token).map { dqkv + $0 * 3 * channels } ?? dPadding) + head * width
            }
            for t in 0..<tokens {
                guard pixel(t) != nil else { continue }
                for part in 0..<3 { for c in 0..<width { gradient(t)[part * channels + c] = 0 } }
            }
            for t in 0..<tokens {
                guard let pixel = pixel(t) else { continue }
                let g = g + pixel * channels + head * width
                let p = scratch + t * operands.columns
                var inner = 0.0
                for s in 0..<tokens {
                    dp[s] = (0..<width).reduce(0) { $0 + g[$1] * row(s)[2 * channels + $1] }
                    inner += p[s] * dp[s]
                }
                for s in 0..<tokens {
                    let d = p[s] * (dp[s] - inner)
                    dBias[(head * tokens + t) * operands.columns + s] += d
                    for c in 0..<width {
                        gradient(t)[c] += operands.scale * d * row(s)[channels + c]
                        gradient(s)[channels + c] += operands.scale * d * row(t)[c]
                        gradient(s)[2 * channels + c] += p[s] * g[c]
                    }
                }
            }
        }
    }
}
