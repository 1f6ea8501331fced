import Autograd
import Layers
import Models
import Tensors
import Testing

@Suite struct SegNetrTests {
    @Test(arguments: [(2, [1, 0]), (4, [3, 2, 1, 0]), (6, [5, 2, 1, 4, 3, 0])])
    func windowsAreDisplacedAsInThePaper(count: Int, order: [Int]) {
        #expect(SegNetrBlock.displacement(count) == order)
        #expect(order.map { order[$0] } == Array(0..<count), "its own inverse")
    }

    /// What the decoder keeps of a map is what the paper says, computed without the detour.
    @Test func skipConnectionsKeepEverySecondChannelOfTheMergedCells() {
        var random = Random(seed: 1, purpose: "map")
        let map = Variable<Double>(.normal([2, 4, 6, 8], from: &random))
        let merged = map.spaceToDepth(2, .positionMajor)
        #expect(merged.depthToSpace(2, .positionMajor).value.array == map.value.array, "merging loses nothing")
        let pairs = merged.reshaped([2, 2, 3 * 16, 2]).sliced(channels: 0..<1).reshaped([2, 2, 3, 16])
        #expect(SegNetrHead.retained(map).value.array == pairs.depthToSpace(2, .positionMajor).value.array)
    }

    /// At windows of one pixel the weight is 1, and so is the sum of weights of any window: without the global branch a
    /// block adds half of the map to itself, before its MLP.
    @Test func aWindowOfOnePixelIsTheIdentity() throws {
        func branch(_ patch: Int) -> [Double] {
            let scope = Scope()
            let block = SegNetrBlock(scope, inputs: 4, outputs: 4, patch: patch, globalBranch: false)
            let store = ParameterStore<Double>(scope.list, seed: 3)
            // The inverted residual's and the MLP's last layers at 0, so that both hand on what they are given.
            for entry in store.list.entries
            where entry.name.hasPrefix("mbconv.project") || entry.name.hasPrefix("mlp.fc2") {
                for k in entry.range { store.flat.pointer[k] = 0 }
            }
            var random = Random(seed: 1, purpose: "map")
            let map = Tensor<Double>.normal([1, 4, 4, 4], from: &random)
            let output = block(Variable(map), .evaluation(store)).value.array
            return zip(output, map.array).map { ($0 - $1) / $1 }
        }
        #expect(branch(1).allSatisfy { abs($0 - 0.5) < 1e-12 })
        // Shares of each pixel, the same for its channels; those of a window of 2x2 pixels add up to 1.
        let shares = branch(2)
        for window in [0, 2, 8, 10] {
            let pixels = [0, 1, 4, 5].map { 4 * (window + $0) }
            #expect(abs(pixels.reduce(0) { $0 + shares[$1] } - 0.5) < 1e-12)
            for pixel in pixels { #expect((1..<4).allSatisfy { abs(shares[pixel + $0] - shares[pixel]) < 1e-9 }) }
        }
    }

    @Test func sidesThatWindowsDoNotFillAreRefused() throws {
        let specification = ModelSpecification(
            SegNetrSpecification(baseWidth: 4), head: SegNetrHeadSpecification(classes: 2))
        let message = ModelError(
            "SegNetr takes images whose sides are multiples of 32, but they are 100x64; 96x64 is near")
        #expect(throws: message) { try specification.makeModel(height: 100, width: 64) }
        let model = try specification.makeModel(height: 64, width: 64)
        #expect(throws: message) { try model.taps(height: 100, width: 64) }
        // Another encoder takes any size, its decoder does not.
        let other = ModelSpecification(
            UNetSpecification(baseWidth: 4), head: SegNetrHeadSpecification(classes: 2))
        let mixed = try other.makeModel(height: 64, width: 64)
        #expect(throws: ModelError.self) { try mixed.taps(height: 100, width: 64) }
        #expect(throws: ModelError.self) { try other.makeModel(height: 100, width: 64) }
        #expect(throws: ModelError("model.baseWidth is 6, expected a multiple of 4 for SegNetr")) {
            try ModelSpecification(SegNetrSpecification(baseWidth: 6)).makeModel(height: 64, width: 64)
        }
        #expect(throws: ModelError.self) {
            try ModelSpecification(
                ResNetSpecification(depths: [1, 1, 1]), head: SegNetrHeadSpecification(classes: 2)
            ).makeModel(height: 64, width: 64)
        }
    }

    /// Layers are numbered from the image on, for layer-wise learning rates; the decoder goes with the head.
    @Test func encodersHaveLayersForLearningRates() {
        let segnetr = ModelSpecification(SegNetrSpecification(), head: SegNetrHeadSpecification(classes: 2))
        #expect(segnetr.lastLayer == 6)
        for (name, layer) in [
            ("stem.expand.conv.weight", 0), ("stages.0.block.norm.weight", 1), ("stages.2.merge.weight", 3),
            ("stages.3.block.local.factor", 4), ("bottleneck.project.conv.weight", 5), ("decoder.reduce.weight", 6),
        ] {
            #expect(segnetr.layer(of: name) == layer, "\(name)")
        }
        let unet = ModelSpecification(UNetSpecification(), head: UNetHeadSpecification(classes: 2))
        #expect(unet.lastLayer == 5)
        for (name, layer) in [
            ("inc.double_conv.0.weight", 0), ("down1.maxpool_conv.1.double_conv.0.weight", 1),
            ("down4.maxpool_conv.1.double_conv.4.bias", 4), ("up1.up.weight", 5),
        ] {
            #expect(unet.layer(of: name) == layer, "\(name)")
        }
    }
}
