import Datasets
import Tensors
import Testing

/// Masks and boxes against the images that they belong to.
struct AnnotationTests {
    /// A square at a random place with some room around it.
    private func square(_ size: Pair, _ random: inout Random) -> Box {
        let (width, height) = (10 + random.integer(below: 12), 10 + random.integer(below: 12))
        let left = 2 + random.integer(below: size.width - width - 4)
        let top = 2 + random.integer(below: size.height - height - 4)
        return Box(left: Double(left), top: Double(top), right: Double(left + width), bottom: Double(top + height))
    }

    /// Where all labels within `reach` pixels are alike, that label; nil near the borders of labels and of the image.
    private func plain(_ mask: Mask, _ y: Int, _ x: Int, reach: Int) -> UInt8? {
        let (height, width) = (mask.size.height, mask.size.width)
        guard y >= reach, x >= reach, y + reach < height, x + reach < width else { return nil }
        let label = mask[y, x]
        for row in y - reach...y + reach {
            for column in x - reach...x + reach where mask[row, column] != label { return nil }
        }
        return label
    }

    @Test(arguments: 0..<150)
    func masksCoverWhatTheImageShows(_ seed: Int) {
        var random = Random(seed: UInt64(seed), purpose: "mask")
        let size = Geometry.size(&random)
        let box = square(size, &random)
        // Reflected pixels are there in the image, and padding in the mask.
        let changes =
            seed < 30
            ? [Geometry.allCases.filter { $0 != .reflect }[seed % 10]] : Geometry.chain(&random, except: [.reflect])
        let (image, motion) = Geometry.moved(Painted.square(size, box), by: changes, seed: UInt64(seed))
        let mask = Painted.mask(size, box).moved(by: motion)
        #expect(mask.size == image.size)
        var wrong = 0
        var counted: [UInt8: Int] = [:]
        for y in 0..<mask.size.height {
            for x in 0..<mask.size.width {
                guard let label = plain(mask, y, x, reach: 4) else { continue }
                counted[label, default: 0] += 1
                let expected = label == 1 ? 250 : label == 0 ? 100 : 0
                if abs(Int(image.pixels[y * image.width + x]) - expected) > 12 { wrong += 1 }
            }
        }
        #expect(wrong == 0, "\(changes): \(wrong) pixels of \(counted)")
        #expect(counted.values.reduce(0, +) > 0)
    }

    /// Where nothing is blended, masks and images agree in every pixel.
    @Test(arguments: 0..<40)
    func masksAgreeInEveryPixelWhereNothingIsBlended(_ seed: Int) {
        var random = Random(seed: UInt64(seed), purpose: "exact")
        let size = Geometry.size(&random)
        let labels = (0..<size.height * size.width).map { _ in UInt8(1 + random.integer(below: 200)) }
        let image = Image(width: size.width, height: size.height, channels: 1, pixels: labels)
        let exact: [Geometry] = [.crop, .pad, .flip]
        let changes = (0..<6).map { _ in exact[random.integer(below: 3)] }
        let (moved, motion) = Geometry.moved(image, by: changes, seed: UInt64(seed))
        let mask = Mask(size: size, labels: labels, ignored: 0).moved(by: motion)
        let isEqual = mask.labels == moved.pixels
        #expect(isEqual, "\(changes)")
    }

    @Test func masksNeverGainAValue() {
        for seed in 0..<200 {
            var random = Random(seed: UInt64(seed), purpose: "values")
            let size = Geometry.size(&random)
            let values: [UInt8] = [0, 7, 13, 200]
            let labels = (0..<size.height * size.width).map { _ in values[random.integer(below: 4)] }
            let image = Image(width: size.width, height: size.height, channels: 1, pixels: labels)
            let (moved, motion) = Geometry.moved(image, by: Geometry.chain(&random), seed: UInt64(seed))
            let mask = Mask(size: size, labels: labels, ignored: 250).moved(by: motion)
            #expect(mask.size == moved.size)
            #expect(Set(mask.labels).subtracting([250]).isSubset(of: values))
        }
    }

    @Test func labelsAreThoseOfThePixelsThatTheCentersLayIn() {
        for seed in 0..<60 {
            var random = Random(seed: UInt64(seed), purpose: "centers")
            let size = Pair(17 + random.integer(below: 9), 17 + random.integer(below: 9))
            let labels = (0..<size.height * size.width).map { UInt8($0 % 251) }
            let image = Image(width: size.width, height: size.height, channels: 1, pixels: labels)
            let mask = Mask(size: size, labels: labels)
            let motion = Geometry.moved(image, by: Geometry.chain(&random), seed: UInt64(seed)).motion
            let moved = mask.moved(by: motion)
            let wrong = (0..<moved.labels.count).count { index in
                let (y, x) = (index / moved.size.width, index % moved.size.width)
                let place = motion.visibleSource(of: Point(Double(x) + 0.5, Double(y) + 0.5))
                // A center on the line between two pixels may go to either, by rounding.
                let expected = place.map { mask[Int($0.y + 1e-5), Int($0.x + 1e-5)] } ?? 255
                let other = place.map { mask[Int(max(0, $0.y - 1e-5)), Int(max(0, $0.x - 1e-5))] } ?? 255
                return moved[y, x] != expected && moved[y, x] != other
            }
            #expect(wrong == 0)
        }
    }

    @Test func halvedMasksTakeTheSameOfEveryPair() {
        let labels = (0..<64).map { (index: Int) -> UInt8 in UInt8(index % 8 + 8 * (index / 8 % 2)) }
        let motion = Motion.resize(Pair(8, 8), to: Pair(4, 4))
        let moved = Mask(size: Pair(8, 8), labels: labels).moved(by: motion)
        #expect(moved.labels.prefix(4) == [9, 11, 13, 15])
        // And so they do after motions that come to the same but for rounding.
        let way = Motion.resize(Pair(8, 8), to: Pair(7, 3)).then(.resize(Pair(7, 3), to: Pair(4, 4)))
        #expect(Mask(size: Pair(8, 8), labels: labels).moved(by: way) == moved)
    }

    @Test(arguments: 0..<120)
    func boxesHoldWhatIsInThem(_ seed: Int) throws {
        var random = Random(seed: UInt64(seed), purpose: "box")
        let size = Geometry.size(&random)
        let box = square(size, &random)
        let changes = seed < 33 ? [Geometry.allCases[seed % 11]] : Geometry.chain(&random)
        let (image, motion) = Geometry.moved(Painted.square(size, box), by: changes, seed: UInt64(seed))
        let mask = Painted.mask(size, box).moved(by: motion)
        let objects = Instances(size: size, items: [Instance(box: box, classIndex: 3)]).moved(by: motion)
        #expect(objects.size == image.size)
        let covered = (0..<mask.labels.count).filter { mask.labels[$0] == 1 }.map { (index: Int) -> Point in
            Point(Double(index % image.width) + 0.5, Double(index / image.width) + 0.5)
        }
        guard let object = objects.items.first else { return #expect(covered.count <= 1) }
        let moved = object.box
        #expect(
            moved.left >= 0 && moved.top >= 0 && moved.right <= Double(image.width)
                && moved.bottom <= Double(image.height) && object.classIndex == 3)
        guard let around = Box(around: covered) else { return #expect(min(moved.width, moved.height) < 2.1) }
        #expect(
            moved.left <= around.left + 1e-6 && moved.top <= around.top + 1e-6 && moved.right >= around.right - 1e-6
                && moved.bottom >= around.bottom - 1e-6)
        // Not larger than it must be: no whole pixel beside the outermost centers, but for the point of a corner.
        let room = motion.matrix[1] == 0 && motion.matrix[3] == 0 ? 1 + 1e-6 : 6
        #expect(
            around.left - moved.left <= room && moved.right - around.right <= room && around.top - moved.top <= room
                && moved.bottom - around.bottom <= room, "\(changes): \(moved) around \(around)")
        #expect(abs(object.area - Double(covered.count)) <= 2 * (moved.width + moved.height))
    }

    @Test func objectsOfWhichLittleIsLeftAreDropped() {
        let size = Pair(10, 10)
        let boxes = [
            Box(left: 0, top: 0, right: 4, bottom: 4), Box(left: 4, top: 0, right: 8, bottom: 4),
            Box(left: 5, top: 5, right: 10, bottom: 10),
        ]
        let items = boxes.enumerated().map { Instance(box: $1, classIndex: $0, isCrowd: $0 == 2) }
        let motion = Motion.crop(size, x: 5, y: 0, to: Pair(10, 5))
        let all = Instances(size: size, items: items).moved(by: motion)
        #expect(all.items.map(\.classIndex) == [1, 2] && all.items.map(\.isCrowd) == [false, true])
        #expect(all.items[0].box == Box(left: 0, top: 0, right: 3, bottom: 4) && all.items[0].area == 12)
        let most = Instances(size: size, items: items, leastVisible: 0.8).moved(by: motion)
        #expect(most.items.map(\.classIndex) == [2] && most.leastVisible == 0.8)
        #expect(Instances(size: size, items: []).moved(by: motion).items.isEmpty)
    }

    @Test func outlinesAndMasksOfObjectsMoveWithThem() throws {
        let size = Pair(6, 8)
        let box = Box(left: 1, top: 2, right: 4, bottom: 5)
        let item = Instance(
            box: box, classIndex: 0, area: 4.5, polygons: [Polygon([Point(1, 2), Point(4, 2), Point(4, 5)])],
            mask: Painted.mask(size, box))
        #expect(item.polygons[0].area == 4.5)
        let motion = Motion.resize(size, to: Pair(12, 8)).then(.flip(Pair(12, 8)))
        let moved = try #require(Instances(size: size, items: [item]).moved(by: motion).items.first)
        #expect(moved.box == Box(left: 4, top: 4, right: 7, bottom: 10))
        #expect(moved.polygons == [Polygon([Point(7, 4), Point(4, 4), Point(4, 10)])])
        #expect(moved.mask == Painted.mask(Pair(12, 8), moved.box) && moved.area == 9)
    }

    @Test func noMotionChangesNothing() {
        let size = Pair(9, 7)
        let labels = (0..<63).map { UInt8($0) }
        let mask = Mask(size: size, labels: labels)
        let items = [
            Instance(
                box: Box(left: 0.25, top: 1, right: 7, bottom: 8.5), classIndex: 1, area: 3,
                polygons: [Polygon([Point(0.3, 1), Point(6, 2), Point(2, 8)])], mask: mask),
            // A line is no reason to lose an object.
            Instance(box: Box(left: 2, top: 3, right: 2, bottom: 5), classIndex: 0),
        ]
        let objects = Instances(size: size, items: items)
        #expect(mask.moved(by: .identity(size)) == mask)
        #expect(objects.moved(by: .identity(size)) == objects)
        #expect(ClassLabel(4).moved(by: .flip(size)) == ClassLabel(4))
    }
}
