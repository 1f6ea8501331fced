import Datasets
import Tensors
import Testing

/// torchvision 0.28's `TrivialAugmentWide`, its operations applied by Pillow (bilinear, fill 10, 20, 30) to the image below:
/// the FNV-1a sum of the bytes and their total.
private let golden: [(operation: TrivialAugment.Operation, strength: Int, isNegative: Bool, sum: UInt64, total: Int)] =
    [
        (.identity, 7, false, 0x90A7_71FA_7CF7_3076, 1_766_885),
        (.identity, 30, true, 0x90A7_71FA_7CF7_3076, 1_766_885),
        (.shearX, 7, false, 0xF344_DE56_EF85_2B31, 1_595_654),
        (.shearX, 30, true, 0x80FA_6212_E277_CD1A, 1_071_001),
        (.shearY, 7, false, 0x9C03_DEAD_9294_67E0, 1_578_759),
        (.shearY, 30, true, 0xB3BB_A6EC_74EC_C628, 985789),
        (.translateX, 7, false, 0x6DA5_D1D4_4772_AB8A, 1_617_117),
        (.translateX, 30, true, 0xC325_667A_0925_57B2, 1_087_343),
        (.translateY, 7, false, 0xB3E2_9CCF_EFC9_84C3, 1_608_850),
        (.translateY, 30, true, 0xB146_EFB0_67B1_424A, 1_043_729),
        (.rotate, 7, false, 0x0EEC_69FA_D7B3_2F35, 1_523_828),
        (.rotate, 30, true, 0xEE86_83E3_9213_6C61, 1_500_600),
        (.brightness, 7, false, 0x890C_F30C_54D7_87BF, 2_091_568),
        (.brightness, 30, true, 0x5FC6_B2AE_3FE8_5322, 11371),
        (.color, 7, false, 0x093B_3181_6B38_79A9, 1_760_434),
        (.color, 30, true, 0xB86C_9FD2_9227_0422, 1_763_129),
        (.contrast, 7, false, 0x8DC7_BA15_B88B_93E0, 1_759_619),
        (.contrast, 30, true, 0xD6EF_3FA0_E372_3AB1, 1_767_168),
        (.sharpness, 7, false, 0x7977_89FB_C9A7_4BC5, 1_761_288),
        (.sharpness, 30, true, 0x19B8_F024_4943_643E, 1_758_527),
        (.posterize, 7, false, 0x09A4_45E7_B7E3_44EF, 1_760_382),
        (.posterize, 30, true, 0xF89B_999D_75CD_8035, 1_332_288),
        (.solarize, 7, false, 0x8ED9_2FF4_C2B1_1E8F, 1_126_722),
        (.solarize, 30, true, 0x34A5_6140_D829_793A, 1_767_415),
        (.autoContrast, 7, false, 0x90A7_71FA_7CF7_3076, 1_766_885),
        (.autoContrast, 30, true, 0x90A7_71FA_7CF7_3076, 1_766_885),
        (.equalize, 7, false, 0xFD69_061C_847D_CA4F, 1_804_080),
        (.equalize, 30, true, 0xFD69_061C_847D_CA4F, 1_804_080),
    ]

private let image: Image = {
    let (width, height) = (70, 66)
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            for c in 0..<3 {
                let value = 3 * x * x + 7 * y * (c + 1) + x * y / 5 * (c + 2) + 40 * c
                pixels.append(UInt8(value % 256))
            }
        }
    }
    return Image(width: width, height: height, channels: 3, pixels: pixels)
}()

struct TrivialAugmentTests {
    private let augment = TrivialAugment(fill: [10, 20, 30], filter: .bilinear)

    @Test(arguments: TrivialAugment.Operation.allCases)
    func operationsEqualTorchvisionsByteForByte(_ operation: TrivialAugment.Operation) {
        for row in golden where row.operation == operation {
            let draw = TrivialAugment.Draw(
                operation: operation, strength: row.strength, isNegative: row.isNegative)
            let pixels = triviallyAugmented(draw, augment, image).pixels
            let sum = pixels.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
            let total = pixels.reduce(0) { $0 + Int($1) }
            #expect(
                sum == row.sum, "\(operation) at \(row.strength): bytes add up to \(total), expected \(row.total)")
        }
    }

    @Test func operationsAndStrengthsAreDrawnEvenly() {
        var operations: [String: Int] = [:]
        var strengths = Set<Int>()
        var random = Random(seed: 3, purpose: "test", 0)
        for _ in 0..<14_000 {
            let draw = augment.draw(&random)
            operations[draw.operation.rawValue, default: 0] += 1
            strengths.insert(draw.strength)
        }
        #expect(operations.count == 14 && operations.values.allSatisfy { 850...1150 ~= $0 }, "found \(operations)")
        #expect(strengths == Set(0...30))
    }
}
