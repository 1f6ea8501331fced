import Datasets
import Tensors
import Testing

/// What a program of NumPy and Pillow makes of the image below with the published program's operations (bilinear, fill 10, 20,
/// 30): the FNV-1a sum of the bytes and their total.
private let golden: [(draw: AugMix.Draw, sum: UInt64, total: Int)] = [
    (
        AugMix.Draw(
            chains: [
                [link(.rotate, 2.9)], [link(.solarize, 9.7), link(.posterize, 5.3, true)],
                [link(.shearX, 3.3, true), link(.translateY, 7.5), link(.equalize, 1)],
            ], weights: [0.2, 0.5, 0.3], share: 0.625), 0x07BE_44D5_4F45_B128, 1_566_221
    ),
    (
        AugMix.Draw(
            chains: [
                [link(.translateX, 6.1, true), link(.shearY, 8.2)], [link(.autoContrast, 1)], [link(.posterize, 9.99)],
            ], weights: [0.5, 0.25, 0.25], share: 1), 0x7E70_596E_6CD1_1CDB, 1_304_100
    ),
    (
        AugMix.Draw(
            chains: [[link(.rotate, 10, true)], [link(.equalize, 1)], [link(.solarize, 0.1)]],
            weights: [1.0 / 3, 1.0 / 3, 1.0 / 3], share: 0.1), 0xD14E_ECC1_7A0B_ABE5, 1_759_248
    ),
]

private func link(_ operation: AugMix.Operation, _ level: Double, _ isNegative: Bool = false) -> AugMix.Link {
    AugMix.Link(operation: operation, level: level, isNegative: isNegative)
}

private let image: Image = {
    let (width, height) = (70, 66)
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            for c in 0..<3 { pixels.append(UInt8((3 * x * x + 7 * y * (c + 1) + x * y / 5 * (c + 2) + 40 * c) % 256)) }
        }
    }
    return Image(width: width, height: height, channels: 3, pixels: pixels)
}()

private func sum(_ image: Image) -> UInt64 {
    image.pixels.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

private func total(_ image: Image) -> Int { image.pixels.reduce(0) { $0 + Int($1) } }

/// A plan of one step, without normalisation.
private func plan(_ step: TransformStep) -> TransformPlan {
    TransformPlan(
        width: 70, height: 66, channels: 3, training: [step], evaluation: [],
        normalization: Normalization(mean: [0, 0, 0], deviation: [1, 1, 1]))
}

struct AugMixTests {
    private let augment = AugMix(fill: [10, 20, 30], filter: .bilinear)

    @Test(arguments: golden.indices)
    func mixturesEqualThoseOfPillowByteForByte(_ index: Int) {
        let made = augmentedAndMixed(golden[index].draw, augment, image)
        #expect(sum(made) == golden[index].sum, "bytes add up to \(total(made)), expected \(golden[index].total)")
    }

    @Test func drawsAreThoseOfTheArticle() {
        var random = Random(seed: 3, purpose: "test", 0)
        var (lengths, operations, shares) = ([Int: Int](), Set<AugMix.Operation>(), 0.0)
        for _ in 0..<3000 {
            let draw = augment.draw(&random)
            #expect(draw.chains.count == 3 && abs(draw.weights.reduce(0, +) - 1) < 1e-12 && 0..<1 ~= draw.share)
            for link in draw.chains.joined() {
                operations.insert(link.operation)
                #expect(0.1...3 ~= link.level)
            }
            for chain in draw.chains { lengths[chain.count, default: 0] += 1 }
            shares += draw.share
        }
        #expect(operations.count == 9 && 0.48...0.52 ~= shares / 3000)
        #expect(lengths.count == 3 && lengths.values.allSatisfy { 2800...3200 ~= $0 }, "found \(lengths)")
    }

    @Test func besideMasksAndBoxesEveryPixelStays() {
        let still = AugMix(severity: 10, movesPixels: false, fill: [0], filter: .bilinear)
        var random = Random(seed: 1, purpose: "test", 0)
        let operations = Set((0..<500).flatMap { _ in still.draw(&random).chains.joined().map(\.operation) })
        #expect(operations == [.autoContrast, .equalize, .posterize, .solarize])
    }

    @Test func theMixtureKeepsTheImagesPlace() throws {
        let transform = try Transform(plan(.augMix(augment)), mode: .training)
        let moved = transform.moved(image, random: Random(seed: 4, purpose: "test", 0))
        #expect(moved.motion.matrix == Motion.identity(image.size).matrix)
        #expect(moved.pixels != transform.moved(image, random: Random(seed: 5, purpose: "test", 0)).pixels)
    }

    @Test func anImpossibleSeverityIsRefused() {
        let wrong = plan(.augMix(AugMix(severity: 11, fill: [0], filter: .bilinear)))
        #expect(message { _ = try Transform(wrong, mode: .training) }.contains("a severity of 11 is not in 1...10"))
    }
}

struct ThreeAugmentTests {
    /// Pillow's `GaussianBlur`.
    @Test(arguments: [
        (0.1, 0xD68D_F3FC_0E9E_923F as UInt64), (0.75, 0x439E_CDB1_562F_2BA9), (2, 0xCEFE_63C4_9E4D_CB94),
    ])
    func aBlurEqualsPillowsByteForByte(_ deviation: Double, _ expected: UInt64) {
        #expect(sum(blurred(image, deviation: deviation)) == expected)
    }

    @Test func anImageBecomesGreyOrSolarisedOrBlurred() throws {
        let transform = try Transform(plan(.threeAugment), mode: .training)
        var found: [UInt64: Int] = [:]
        for index in 0..<300 {
            let pixels = transform(image, random: Random(seed: 2, purpose: "test", index)).map {
                UInt8(($0 * 255).rounded())
            }
            found[sum(Image(width: 70, height: 66, channels: 3, pixels: pixels)), default: 0] += 1
        }
        // Grey and solarised images are always the same ones; each blur is another.
        let (grey, solarised) = (found[0x314C_94AD_9E44_BDC0] ?? 0, found[0x3804_51D7_B617_CD03] ?? 0)
        #expect(70...130 ~= grey && 70...130 ~= solarised, "\(grey) grey, \(solarised) solarised")
        #expect(found.count > 60)
    }

    @Test func aBlurHasASensibleDeviation() {
        let wrong = plan(.gaussianBlur(probability: 0.5, deviation: [2, 1]))
        #expect(message { _ = try Transform(wrong, mode: .training) }.contains("deviation of a blur"))
    }
}
