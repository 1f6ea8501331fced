import Datasets
import Tensors
import Testing

/// Scenes of digits, and what is said about them.
struct DigitSceneTests {
    private func scenes(_ part: DigitScenePart, _ count: Int, seed: UInt64 = 0) throws -> [DigitScene] {
        try (0..<count).map { try DigitScene(seed: seed, index: $0, part: part) }
    }

    @Test func aSceneIsAFunctionOfItsSeedPartAndIndex() throws {
        for part in DigitScenePart.allCases {
            let (first, again) = (try scenes(part, 6), try scenes(part, 6))
            #expect(first.map(\.image) == again.map(\.image) && first.map(\.mask) == again.map(\.mask))
            #expect(Set(first.map { ContentHash(of: $0.image) }).count == 6)
            #expect(try scenes(part, 6, seed: 1).map(\.image) != first.map(\.image))
        }
        #expect(try scenes(.train, 6).map(\.mask) != scenes(.validation, 6).map(\.mask))
        #expect(try scenes(.train, 6).map(\.mask) != scenes(.test, 6).map(\.mask))
    }

    @Test func masksBoxesAndInstancesAgree() throws {
        var digits: [Int: Int] = [:]
        var counts: Set<Int> = []
        for scene in try scenes(.train, 200) {
            let (mask, objects) = (scene.mask, scene.instances)
            #expect(objects.size == mask.size && (1...5).contains(objects.items.count))
            counts.insert(objects.items.count)
            var rest = mask.labels
            for item in objects.items {
                let own = try #require(item.mask)
                digits[item.classIndex, default: 0] += 1
                let pixels = own.labels.indices.filter { own.labels[$0] == 1 }
                let isOne = pixels.allSatisfy { mask.labels[$0] == UInt8(item.classIndex + 1) && rest[$0] != 0 }
                #expect(isOne && Double(pixels.count) == item.area)
                for pixel in pixels { rest[pixel] = 0 }
                let (x, y) = (pixels.map { $0 % 96 }, pixels.map { $0 / 96 })
                let box = try Box(
                    left: Double(#require(x.min())), top: Double(#require(y.min())),
                    right: Double(#require(x.max()) + 1), bottom: Double(#require(y.max()) + 1))
                #expect(item.box == box)
            }
            // Every pixel that is no background belongs to one digit.
            #expect(rest.allSatisfy { $0 == 0 })
        }
        #expect(digits.count == 10 && counts == [1, 2, 3, 4, 5])
        #expect(digits.values.allSatisfy { $0 > 30 }, "\(digits)")
    }

    @Test func digitsStandOutAgainstWhatIsBehindThemMoreOrLess() throws {
        var contrasts: [Double] = []
        var covered = 0
        for scene in try scenes(.validation, 60) {
            let (image, mask) = (scene.image, scene.mask)
            #expect(image.width == 96 && image.height == 96 && image.channels == 3)
            covered += mask.labels.count { $0 > 0 }
            for item in scene.instances.items {
                guard let own = item.mask, item.area > 40 else { continue }
                var sums = [[Double]](repeating: [0, 0, 0, 0], count: 2)
                for y in max(0, Int(item.box.top) - 2)..<min(96, Int(item.box.bottom) + 2) {
                    for x in max(0, Int(item.box.left) - 2)..<min(96, Int(item.box.right) + 2) {
                        let side = own[y, x] == 1 ? 1 : 0
                        guard side == 1 || mask[y, x] == 0 else { continue }
                        sums[side][3] += 1
                        for channel in 0..<3 { sums[side][channel] += Double(image.pixels[(y * 96 + x) * 3 + channel]) }
                    }
                }
                guard sums[0][3] > 0 else { continue }
                contrasts.append(
                    (0..<3).map { abs(sums[1][$0] / sums[1][3] - sums[0][$0] / sums[0][3]) }.max() ?? 0)
            }
        }
        let middle = contrasts.sorted()[contrasts.count / 2]
        #expect((25...90).contains(middle), "\(middle)")
        #expect(contrasts.count { $0 < 8 } < contrasts.count / 12)
        #expect((0.05...0.3).contains(Double(covered) / (60 * 9216)), "\(Double(covered) / (60 * 9216))")
    }

    @Test func theTestScenesHaveDigitsOfTheirOwn() throws {
        for part in DigitScenePart.allCases {
            let names = Set(try scenes(part, 300).flatMap(\.sources))
            let folder = part == .test ? "digits/test[" : "digits/train["
            #expect(names.count > 200 && names.allSatisfy { $0.hasPrefix(folder) })
        }
    }

    @Test func dataSetsShowTheSameScenes() throws {
        let scenes = try DigitScenes(.test, count: 12)
        #expect(scenes.masks.count == 12 && scenes.masks.classNames.count == 11)
        #expect(scenes.instances.classNames == (0...9).map(String.init))
        #expect(try scenes.masks.image(7) == scenes.instances.image(7))
        let scene = try DigitScene(seed: 0, index: 7, part: .test)
        #expect(try scenes.masks.annotation(7) == scene.mask && scenes.instances.annotation(7) == scene.instances)
        #expect(scenes.masks.name(7) == "scenes/test[7]")
        #expect(try DigitScenes(.train).count == 2000 && DigitScenes(.validation).count == 200)
    }

    @Test func scenesAreCheap() throws {
        let start = ContinuousClock.now
        for index in 0..<100 {
            let scene = try DigitScene(seed: 3, index: index, part: .train)
            #expect(scene.image.width == 96)
        }
        let each = (ContinuousClock.now - start) / 100
        // Half a millisecond, and much more where other programs share the processor.
        #expect(each < .milliseconds(20), "\(each)")
    }
}
