import Autograd
import Datasets
import Layers
import Tasks
import Tensors
import Testing

/// Says of each pixel its three channels and how bright the window is, so that an answer depends on the window.
private struct BrightnessModel: FeatureModel {
    let parameters = Scope().list
    var classes: Int { 3 }

    func taps(height: Int, width: Int) throws -> [FeatureTap] { [] }
    func trace(height: Int, width: Int) throws -> ModelTrace.Node { ModelTrace(model: "brightness").root }

    func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        let mean = images.averagePooled(to: Pair(1))
        let wide = mean.resized(height: images.shape[1], width: images.shape[2], .nearest)
        return ModelOutput(logits: images * wide, features: [])
    }
}

/// Answers to an image window by window.
struct SlidingWindowTests {
    private let image: Image
    private let mask: Mask
    private let inference: SegmentationInference

    init() {
        var random = Random(seed: 3, purpose: "image")
        let (width, height) = (61, 37)
        let pixels = (0..<width * height * 3).map { _ in UInt8(random.integer(below: 256)) }
        image = Image(width: width, height: height, channels: 3, pixels: pixels)
        let labels = (0..<width * height).map { (index: Int) -> UInt8 in index % 5 == 4 ? 255 : UInt8(index % 3) }
        mask = Mask(size: Pair(height, width), labels: labels)
        let model = BrightnessModel()
        var settings = SegmentationSettings()
        (settings.mode, settings.window, settings.stride) = (.slide, Pair(16, 20), Pair(9, 11))
        inference = SegmentationInference(
            model: model, store: ParameterStore(model.parameters, seed: 0),
            normalization: Normalization(mean: [0, 0, 0], deviation: [1, 1, 1]), settings: settings)
    }

    /// The mean over all windows that see a pixel, one pixel after the other.
    private var expected: [[Double]] {
        var sums = [[Double]](repeating: [0, 0, 0], count: 37 * 61)
        var visits = [Double](repeating: 0, count: 37 * 61)
        func value(_ y: Int, _ x: Int, _ channel: Int) -> Double {
            Double(image.pixels[(y * 61 + x) * 3 + channel]) / 255
        }
        for top in [0, 9, 18, 21] {
            for left in [0, 11, 22, 33, 41] {
                for channel in 0..<3 {
                    var mean = 0.0
                    for y in top..<top + 16 { for x in left..<left + 20 { mean += value(y, x, channel) / 320 } }
                    for y in top..<top + 16 {
                        for x in left..<left + 20 { sums[y * 61 + x][channel] += mean * value(y, x, channel) }
                    }
                }
                for y in top..<top + 16 { for x in left..<left + 20 { visits[y * 61 + x] += 1 } }
            }
        }
        return zip(sums, visits).map { sum, count in sum.map { $0 / count } }
    }

    @Test func isTheMeanOfAllWindowsThatSeeAPixel() throws {
        let answers = try SlidingWindow(inference, image, mask).answer()
        let scores = expected
        for pixel in scores.indices {
            let best = scores[pixel].max() ?? 0
            #expect(best - scores[pixel][Int(answers.classes[pixel])] < 1e-5, "pixel \(pixel)")
        }
    }

    @Test(arguments: [16 * 3 * 20, 16 * 3 * 25, 16 * 3 * 40])
    func isTheSameStripByStrip(_ held: Int) throws {
        let whole = try SlidingWindow(inference, image, mask).answer()
        let parts = try SlidingWindow(inference, image, mask).answer(holding: held)
        #expect(parts.classes == whole.classes)
        #expect(abs(parts.loss - whole.loss) < 1e-9 * abs(whole.loss))
    }

    @Test func stripsCoverTheImageOnceAndBeginWhereWindowsDo() {
        let starts = SlidingWindow.starts(6000, window: 512, stride: 400)
        for widest in [1, 512, 1000, 2500, 10_000] {
            let strips = SlidingWindow.strips(starts, side: 6000, window: 512, widest: widest)
            #expect(strips.first?.lowerBound == 0 && strips.last?.upperBound == 6000)
            for (left, right) in zip(strips, strips.dropFirst()) { #expect(left.upperBound == right.lowerBound) }
            #expect(strips.allSatisfy { starts.contains($0.lowerBound) && $0.count <= max(widest, 512) + 400 })
        }
    }
}
