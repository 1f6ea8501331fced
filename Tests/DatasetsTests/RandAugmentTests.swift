import Datasets
import Foundation
import Tensors
import Testing

/// What `Resources/rand-augment.json` holds: timm's operations applied by Pillow.
private struct RandAugmentGolden: Decodable {
    struct Source: Decodable {
        let width: Int
        let height: Int
        let pixels: Data
    }

    struct Case: Decodable {
        let operation: String
        let level: Double
        let isNegative: Bool
        let filter: String
        let channels: Int
        let pixels: Data
    }

    let sources: [String: Source]
    let fills: [String: [UInt8]]
    let cases: [Case]

    static func read() throws -> RandAugmentGolden {
        let url = try #require(
            Bundle.module.url(forResource: "rand-augment", withExtension: "json", subdirectory: "Resources"))
        return try JSONDecoder().decode(RandAugmentGolden.self, from: Data(contentsOf: url))
    }
}

struct RandAugmentTests {
    @Test(arguments: RandAugment.Operation.allCases)
    func operationsEqualTimmsByteForByte(_ operation: RandAugment.Operation) throws {
        let golden = try RandAugmentGolden.read()
        let cases = golden.cases.filter { $0.operation == operation.rawValue }
        #expect(cases.count >= 2)
        for test in cases {
            let source = try #require(golden.sources[String(test.channels)])
            let image = Image(
                width: source.width, height: source.height, channels: test.channels, pixels: [UInt8](source.pixels))
            let augment = RandAugment(
                policy: RandAugment.Policy(), fill: try #require(golden.fills[String(test.channels)]),
                filter: try #require(ResizeFilter(rawValue: test.filter)))
            let draw = RandAugment.Draw(operation: operation, level: test.level, isNegative: test.isNegative)
            let result = randAugmented(draw, augment, image)
            let expected = Image(
                width: source.width, height: source.height, channels: test.channels, pixels: [UInt8](test.pixels))
            #expect(
                largestDifference(result, expected) == 0,
                "\(operation) at \(test.level), negative \(test.isNegative), \(test.filter), \(test.channels) channels")
        }
    }

    @Test func imagesGetTwoOperationsOfFifteenHalfOfTheTimeAroundTheMagnitude() throws {
        let policy = try RandAugment.Policy(parsing: "rand-m9-mstd0.5-inc1")
        #expect(policy == RandAugment.Policy(magnitude: 9, deviation: 0.5, layers: 2, probability: 0.5))
        let augment = RandAugment(policy: policy, fill: [1], filter: .bicubic)
        var counts: [RandAugment.Operation: Int] = [:]
        var (draws, negative, sum, squares, most) = (0, 0, 0.0, 0.0, 0)
        let images = 20_000
        for i in 0..<images {
            var random = Random(seed: 1, purpose: "draw", i)
            let drawn = augment.draw(&random)
            most = max(most, drawn.count)
            for draw in drawn {
                counts[draw.operation, default: 0] += 1
                draws += 1
                if draw.isNegative { negative += 1 }
                sum += draw.level
                squares += (draw.level - 9) * (draw.level - 9)
                #expect(draw.level <= 10)
            }
        }
        #expect(most == 2)
        #expect(abs(Double(draws) / Double(images) - 1) < 0.02)
        #expect(abs(Double(negative) / Double(draws) - 0.5) < 0.02)
        #expect(counts.count == 15)
        for (operation, count) in counts {
            #expect(abs(Double(count) / Double(draws) * 15 - 1) < 0.1, "\(operation): \(count)")
        }
        // A normal distribution around 9, cut at 10, two deviations above.
        #expect(abs(sum / Double(draws) - 8.996) < 0.02)
        #expect(abs((squares / Double(draws)).squareRoot() - 0.49) < 0.02)
    }

    @Test func theDrawIsAFunctionOfTheSampleAlone() throws {
        let augment = RandAugment(policy: RandAugment.Policy(), fill: [128, 128, 128], filter: .bilinear)
        let image = Golden.image("source")
        let plan = TransformPlan(
            width: image.width, height: image.height, channels: 3, training: [.randAugment(augment)], evaluation: [],
            normalization: .imageNet)
        let transform = try Transform(plan, mode: .training)
        let first = transform(image, random: Random(seed: 3, purpose: "test"))
        #expect(first == transform(image, random: Random(seed: 3, purpose: "test")))
        let others = (0..<20).map { transform(image, random: Random(seed: 3, purpose: "test", $0)) }
        #expect(Set(others).count > 10)
        // The plan travels with weights.
        let decoded = try JSONDecoder().decode(TransformPlan.self, from: JSONEncoder().encode(plan))
        #expect(decoded == plan)
    }

    @Test(arguments: [
        ("rand-m9-inc2", "inc2"), ("rand-m-inc1", "m"), ("m9-mstd0.5-inc1", "beginning"), ("rand-m9-x1", "x1"),
        ("rand-m9-n1.5-inc1", "n1.5"), ("rand-m9--inc1", "``"), ("rand-m9-w1-inc1", "w1"),
        ("rand-m101", "m101"), ("rand-mmax0", "mmax0"), ("rand-p1.1", "p1.1"),
    ])
    func anotherSpellingIsRefusedInOneSentence(_ text: String, _ part: String) {
        let error = #expect(throws: DatasetError.self) { try RandAugment.Policy(parsing: text) }
        #expect(error?.problem.contains("found `\(text)`") == true)
        #expect(error?.problem.contains(part) == true, "\(error?.problem ?? "")")
    }

    @Test func magnitudesAboveTenAreAppliedWithTen() throws {
        let policy = try RandAugment.Policy(parsing: "rand-m15-mstd0.5-inc1")
        var random = Random(seed: 1, purpose: "strong")
        let augment = RandAugment(policy: policy, fill: [0], filter: .bicubic)
        for _ in 0..<100 { #expect(augment.draw(&random).allSatisfy { $0.level == 10 }) }
    }

    @Test(arguments: [
        ("rand-m9-mstd0.5-inc1", RandAugment.Policy()),
        ("rand-m9-mstd0.5", RandAugment.Policy(increases: false)),
        ("rand", RandAugment.Policy(magnitude: 10, deviation: 0, increases: false)),
        ("rand-m9-n3-mstd0.5", RandAugment.Policy(layers: 3, increases: false)),
        (
            "rand-m10-n5-p0.2",
            RandAugment.Policy(magnitude: 10, deviation: 0, layers: 5, probability: 0.2, increases: false)
        ),
        (
            "rand-m6-w0-mmax20-inc0",
            RandAugment.Policy(
                magnitude: 6, deviation: 0, increases: false, isWeighted: true, maximum: 20)
        ),
        ("rand-m9-mstd101-inc1", RandAugment.Policy(deviation: 101)),
    ])
    func timmsPartsAreRead(_ text: String, _ policy: RandAugment.Policy) throws {
        #expect(try RandAugment.Policy(parsing: text) == policy)
        #expect(
            try JSONDecoder().decode(RandAugment.Policy.self, from: JSONEncoder().encode(policy)) == policy)
    }

    @Test func policiesOfOldFilesAreIncreasing() throws {
        let text = #"{"magnitude":9,"deviation":0.5,"layers":2,"probability":0.5}"#
        #expect(try JSONDecoder().decode(RandAugment.Policy.self, from: Data(text.utf8)) == RandAugment.Policy())
    }

    @Test func withoutIncreaseOperationsHaveOneDirection() throws {
        let augment = RandAugment(
            policy: try RandAugment.Policy(parsing: "rand-m9"), fill: [0], filter: .bilinear)
        let image = Image(width: 4, height: 1, channels: 1, pixels: [10, 100, 130, 250])
        func result(_ operation: RandAugment.Operation, _ level: Double) -> [UInt8] {
            let draws = [false, true].map { RandAugment.Draw(operation: operation, level: level, isNegative: $0) }
            let results = draws.map { randAugmented($0, augment, image).pixels }
            #expect(results[0] == results[1])
            return results[0]
        }
        // 3 of 8 bits are kept at 9; all are inverted from 128 on at 5; half of 1.8 and 0.1 at 5 is the image itself.
        #expect(result(.posterize, 9) == [0, 96, 128, 224])
        #expect(result(.posterize, 0) == [0, 0, 0, 0])
        #expect(result(.solarize, 5) == [10, 100, 125, 5])
        #expect(result(.solarize, 10) == image.pixels)
        #expect(result(.brightness, 5) == image.pixels)
        #expect(result(.brightness, 0) == [1, 10, 13, 25])
    }

    @Test func weightsPreferMotionAndDrawNothingTwice() throws {
        let augment = RandAugment(
            policy: try RandAugment.Policy(parsing: "rand-m5-n5-w0-p1"), fill: [0], filter: .bilinear)
        var counts: [RandAugment.Operation: Int] = [:]
        for i in 0..<2000 {
            var random = Random(seed: 1, purpose: "weights", i)
            let drawn = augment.draw(&random).map(\.operation)
            #expect(Set(drawn).count == 5)
            counts[drawn[0], default: 0] += 1
        }
        #expect(counts[.invert] == nil && counts[.posterize] == nil)
        // 0.3 of 1.0 in all.
        let share = Double(counts[.rotate] ?? 0) / 2000
        #expect(abs(share - 0.3) < 0.04)
    }

    @Test func strengthsAreDrawnEvenlyAboveADeviationOfAHundred() throws {
        let augment = RandAugment(
            policy: try RandAugment.Policy(parsing: "rand-m8-mstd101-p1-inc1"), fill: [0], filter: .bilinear)
        var levels: [Double] = []
        for i in 0..<2000 {
            var random = Random(seed: 1, purpose: "even", i)
            levels += augment.draw(&random).map(\.level)
        }
        #expect(levels.allSatisfy { (0...8).contains($0) })
        let count = Double(levels.count)
        let mean: Double = levels.reduce(0, +) / count
        let lowest: Double = Double(levels.filter { $0 < 2 }.count) / count
        #expect(abs(mean - 4) < 0.1)
        #expect(abs(lowest - 0.25) < 0.03)
    }
}
