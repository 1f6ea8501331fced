import Datasets
import Tensors
import Testing

/// Images joined from four.
struct MosaicTests {
    private static let input = Pair(48, 64)

    /// Images of two shapes in turn that fit the input without being resized, dark with bright objects.
    private struct Scenes: AnnotatedDataset {
        let count = 12
        let classNames = ["outline", "runs"]

        func size(_ index: Int) -> Pair { index % 2 == 0 ? Pair(48, 40) : Pair(30, 64) }

        /// Of whole pixels; the first one of every third image lies a little beyond the image.
        func boxes(_ index: Int) -> [Box] {
            let beyond = index % 3 == 0 ? 4.0 : 0
            return [
                Box(left: 0 - beyond, top: 2, right: Double(6 + index % 5), bottom: 12),
                Box(left: 20, top: 16, right: 31, bottom: Double(20 + index % 7)),
            ]
        }

        func image(_ index: Int) -> Image {
            let size = size(index)
            var pixels = [UInt8](repeating: UInt8(20 + index), count: size.height * size.width)
            for box in boxes(index) {
                for y in Int(box.top)..<Int(box.bottom) {
                    for x in max(0, Int(box.left))..<Int(box.right) { pixels[y * size.width + x] = 200 }
                }
            }
            return Image(width: size.width, height: size.height, channels: 1, pixels: pixels)
        }

        func name(_ index: Int) -> String { "\(index)" }

        func annotation(_ index: Int) -> LocatedInstances {
            let (size, boxes) = (size(index), boxes(index))
            let runs = RunLengthMask(filling: [Polygon(boxes[1].corners)], size: size)
            let items = [
                Instance(box: boxes[0], classIndex: 0, polygons: [Polygon(boxes[0].corners)]),
                Instance(box: boxes[1], classIndex: 1, runs: runs),
            ]
            return LocatedInstances(identifier: Int64(index), original: Instances(size: size, items: items))
        }
    }

    private struct Located: Targets {
        var all: [LocatedInstances]
        func part(_ range: Range<Int>) -> Located { Located(all: Array(all[range])) }
    }

    private struct Keeping: Collator {
        func collate(_ annotations: [LocatedInstances], _ images: ImageBatch, _ random: inout Random) -> Located {
            Located(all: annotations)
        }
    }

    private func batches(
        _ mosaic: Mosaic?, epoch: Int = 0, threads: Int = 1, seed: UInt64 = 3
    ) throws -> [(index: Int, pixels: [Float], located: LocatedInstances)] {
        let corner = TransformStep.corner(
            width: Self.input.width, height: Self.input.height, enlarges: false, filter: .bilinear, fill: [9])
        let plan = TransformPlan(
            width: Self.input.width, height: Self.input.height, channels: 1,
            training: [corner, .horizontalFlip(probability: 0.5)], evaluation: [corner],
            normalization: Normalization(mean: [0], deviation: [1]))
        var options = LoaderOptions(batchSize: 5, seed: seed, shuffles: true, threads: threads)
        options.mosaic = mosaic
        let loader = BatchLoader(
            Scenes(), transform: try Transform(plan, mode: .training), collator: Keeping(), options: options)
        loader.start(epoch: epoch)
        var found: [(index: Int, pixels: [Float], located: LocatedInstances)] = []
        while let batch = try loader.next() {
            let count = batch.images.valueCount
            for (row, index) in batch.indices.enumerated() {
                found.append(
                    (index, Array(batch.images.pixels[row * count..<(row + 1) * count]), batch.targets.all[row]))
            }
        }
        return found
    }

    @Test(arguments: 0..<4) func objectsLieWhereTheirPixelsAre(epoch: Int) throws {
        var objects = 0
        for (index, pixels, located) in try batches(Mosaic(probability: 1, fill: [7]), epoch: epoch) {
            let placed = located.placed
            #expect(located.original.size == Self.input && located.identifier == Int64(index))
            var (inBoxes, inMasks) = ([Bool](repeating: false, count: pixels.count), [Bool]())
            inMasks = inBoxes
            for item in placed.items {
                objects += 1
                for y in Int(item.box.top)..<Int(item.box.bottom) {
                    for x in Int(item.box.left)..<Int(item.box.right) { inBoxes[y * Self.input.width + x] = true }
                }
                let covered = try #require(item.covered(in: Self.input)).mask.labels
                for (place, label) in covered.enumerated() where label != 0 { inMasks[place] = true }
                #expect(abs(item.box.area - item.area) < 1e-9)
            }
            let bright = pixels.map { $0 == Float(200) / 255 }
            #expect(bright == inBoxes, "image \(index)")
            #expect(bright == inMasks, "image \(index)")
            // Nothing of what an input is filled with where its image is smaller.
            #expect(!pixels.contains(Float(9) / 255))
        }
        // About half of two objects of four images each.
        #expect(objects > 12 * 2)
    }

    @Test func theyAreAFunctionOfSeedEpochAndIndex() throws {
        let mosaic = Mosaic(probability: 0.5)
        let once = try batches(mosaic, epoch: 2)
        let again = try batches(mosaic, epoch: 2, threads: 3)
        #expect(once.map(\.pixels) == again.map(\.pixels) && once.map(\.located) == again.map(\.located))
        #expect(try batches(mosaic, epoch: 3).map(\.pixels) != once.map(\.pixels))
    }

    @Test func imagesThatAreNotJoinedAreAsWithoutIt() throws {
        let plain = try batches(nil, epoch: 1)
        let mixed = try batches(Mosaic(probability: 0.5), epoch: 1)
        #expect(plain.map(\.index) == mixed.map(\.index))
        var joined = 0
        for (one, other) in zip(plain, mixed) {
            if other.located.original.size == Self.input {
                joined += 1
            } else {
                #expect(one.pixels == other.pixels && one.located == other.located)
            }
        }
        #expect((1..<plain.count).contains(joined))
    }

    @Test func theLastEpochsAreWithoutIt() throws {
        let mosaic = Mosaic(probability: 1, end: 2)
        #expect(try batches(mosaic, epoch: 1).allSatisfy { $0.located.original.size == Self.input })
        #expect(try batches(mosaic, epoch: 2).map(\.pixels) == batches(nil, epoch: 2).map(\.pixels))
    }

    @Test func onlyAnnotationsOfObjectsCanBeJoined() {
        #expect(ClassLabel.joining == nil && Mask.joining == nil && LocatedInstances.joining != nil)
    }

    @Test func joinedObjectsFollowTheRulesOfTheirImages() throws {
        var original = Instances(
            size: Pair(20, 20),
            items: [
                Instance(box: Box(left: 0, top: 0, right: 20, bottom: 10), classIndex: 0),
                Instance(box: Box(left: 0, top: 10, right: 4, bottom: 20), classIndex: 1, isCrowd: true),
            ], leastVisible: 0.5)
        original.needsCenters = true
        let join = try #require(LocatedInstances.joining)
        let part = JoinedPart(
            annotation: LocatedInstances(identifier: 5, original: original), resized: .identity(Pair(20, 20)),
            placed: .crop(Pair(20, 20), x: 12, y: 0, to: Pair(20, 30)))
        let joined = join([part], Pair(20, 30))
        // Less than half of the first one is left, and the center of the other one is gone.
        #expect(joined.original.items.isEmpty)
        #expect(joined.original.leastVisible == 0.5 && joined.original.needsCenters && joined.identifier == 5)
    }
}
