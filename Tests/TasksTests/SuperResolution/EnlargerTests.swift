import Autograd
import Datasets
import Layers
import Models
import Tasks
import Tensors
import Testing

/// Bicubic interpolation is no model, but nearest neighbor is: a tile says of a pixel what the whole image says.
private struct Nearest: FeatureModel {
    let scale: Int
    let parameters = Scope().list
    var classes: Int { 3 }
    func taps(height: Int, width: Int) -> [FeatureTap] { [] }
    func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        ModelOutput(
            answer: [
                images.resized(height: scale * images.shape[1], width: scale * images.shape[2], .nearest)
            ], features: [])
    }
    func trace(height: Int, width: Int) -> ModelTrace.Node { ModelTrace(model: "nearest").root }
}

private func noise(_ width: Int, _ height: Int) -> Image {
    var random = Random(seed: 5, purpose: "noise")
    let pixels = (0..<3 * width * height).map { _ in UInt8(random.integer(below: 256)) }
    return Image(width: width, height: height, channels: 3, pixels: pixels)
}

private let plain = Normalization(mean: [0, 0, 0], deviation: [1, 1, 1])

@Suite struct EnlargerTests {
    @Test(arguments: [1, 47, 60, 61, 100, 112, 113, 500])
    func tilesCoverASideOnce(side: Int) {
        let tiles = Enlarger.tiles(side, 60)
        #expect(tiles.flatMap { Array($0.used) } == Array(0..<side))
        for tile in tiles {
            #expect(tile.seen.count == min(side, 60) && tile.seen.lowerBound >= 0 && tile.seen.upperBound <= side)
            // What is used lies a margin within what is seen, but at the image's own edges.
            #expect(tile.used.lowerBound == 0 || tile.used.lowerBound >= tile.seen.lowerBound + Enlarger.margin)
            #expect(tile.used.upperBound == side || tile.used.upperBound <= tile.seen.upperBound - Enlarger.margin)
        }
    }

    @Test(arguments: [2, 3])
    func tilesGiveTheWholeImage(scale: Int) throws {
        let image = noise(150, 83)
        let store = ParameterStore<Float>(Scope().list, seed: 0)
        let enlarged = try Enlarger(Nearest(scale: scale), store, plain, scale: scale, tile: 60).enlarged(image)
        #expect(enlarged.size == Pair(83 * scale, 150 * scale))
        for y in 0..<enlarged.height {
            for x in 0..<enlarged.width {
                let (at, from) = (3 * (y * enlarged.width + x), 3 * (y / scale * 150 + x / scale))
                #expect(enlarged.pixels[at..<at + 3] == image.pixels[from..<from + 3])
            }
        }
    }

    /// A margin as wide as a small model looks leaves of the tiles' borders nothing but what the attention over another
    /// part of the image changes, which is less than a step of a byte or two.
    @Test func tilesOfAModelAreHardlySeen() throws {
        let specification = ModelSpecification(
            HDSRNetSpecification(width: 4, groups: 1), head: EnlargingHeadSpecification(scale: 2))
        let model = try specification.makeModel(height: 16, width: 16)
        let store = ParameterStore<Float>(model.parameters, seed: 3)
        let image = noise(150, 100)
        let whole = try Enlarger(model, store, plain, scale: 2, tile: 256).enlarged(image)
        let tiled = try Enlarger(model, store, plain, scale: 2, tile: 70).enlarged(image)
        let largest = zip(whole.pixels, tiled.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(largest <= 1)
    }
}
