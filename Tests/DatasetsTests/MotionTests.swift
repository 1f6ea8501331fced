import Datasets
import Tensors
import Testing

/// The account that a canvas keeps of where pixels went, against where they did go.
struct MotionTests {
    /// Paints a spot, moves the image, and looks where the spot's middle is.
    /// - Returns: how far from where the motion says, in pixels; nil where part of the spot is out of sight.
    private func miss(_ changes: [Geometry], seed: UInt64) -> Double? {
        var random = Random(seed: seed, purpose: "spot")
        let (size, radius) = (Geometry.size(&random), random.uniform(2, 3.5))
        // A mirror image of the spot is not to come in beside it.
        let margin = changes.contains(.reflect) ? 4 * radius + 7 : 12
        guard 2 * margin < Double(min(size.height, size.width)) else { return nil }
        let place = Point(
            random.uniform(margin, Double(size.width) - margin), random.uniform(margin, Double(size.height) - margin))
        let (image, motion) = Geometry.moved(Painted.spot(size, at: place, radius: radius), by: changes, seed: seed)
        #expect(motion.source == size && motion.target == image.size)
        guard let expected = motion.target(of: place), let found = centerOfMass(image) else { return nil }
        // All of the spot must be there.
        let box = Box(
            left: place.x - 4 * radius, top: place.y - 4 * radius, right: place.x + 4 * radius,
            bottom: place.y + 4 * radius)
        let inside = Box(left: 0, top: 0, right: Double(image.width), bottom: Double(image.height))
        for corner in box.corners + [Point(box.left, place.y), Point(place.x, box.top)] {
            guard let moved = motion.target(of: corner), motion.visibleSource(of: moved) != nil,
                (inside.left..<inside.right).contains(moved.x), (inside.top..<inside.bottom).contains(moved.y)
            else { return nil }
        }
        return max(abs(found.x - expected.x), abs(found.y - expected.y))
    }

    @Test(arguments: Geometry.allCases)
    func paintedSpotsLandWhereTheMotionSays(_ change: Geometry) {
        let misses = (0..<60).compactMap { miss([change], seed: $0) }
        #expect(misses.count > 15, "only \(misses.count) spots stayed whole")
        #expect(misses.max() ?? 1 < 0.12)
    }

    @Test func paintedSpotsLandWhereChainsOfMotionsSay() {
        let misses = (0..<400).compactMap { (seed: UInt64) -> Double? in
            var random = Random(seed: seed, purpose: "chain")
            return miss(Geometry.chain(&random, except: [.reflect]), seed: seed)
        }
        #expect(misses.count > 100, "only \(misses.count) spots stayed whole")
        #expect(misses.max() ?? 1 < 0.2)
        #expect(misses.reduce(0, +) / Double(misses.count) < 0.05)
    }

    @Test func aTransformHandsItsWholeMotionOn() throws {
        let size = Pair(61, 83)
        var plan = TransformPlan.small(
            width: 48, height: 40, channels: 1, padding: 3, normalization: Normalization(mean: [0], deviation: [1]))
        plan.training.insert(.pad(width: 70, height: 50, filter: .bilinear, fill: [0]), at: 0)
        plan.training.append(.affine(degrees: 20, translate: [0.05, 0.05], scale: [0.8, 1.1], shear: 5))
        // Brought to the input's size at the end.
        plan.training.append(.centerCrop(width: 45, height: 39))
        let place = Point(40.2, 33.9)
        let image = Painted.spot(size, at: place, radius: 3)
        for seed in 0..<20 {
            let random = Random(seed: UInt64(seed), purpose: "transform")
            let (pixels, motion) = try Transform(plan, mode: .training).moved(image, random: random)
            #expect(try pixels == Transform(plan, mode: .training)(image, random: random))
            #expect(motion.source == size && motion.target == Pair(40, 48))
            let bytes = pixels.map { UInt8(($0 * 255).rounded()) }
            let found = try #require(centerOfMass(Image(width: 48, height: 40, channels: 1, pixels: bytes)))
            let expected = try #require(motion.target(of: place))
            #expect(abs(found.x - expected.x) < 0.1 && abs(found.y - expected.y) < 0.1)
        }
    }

    @Test func keptImagesKeepTheirMotion() throws {
        let data = InMemoryDataset(
            classNames: ["a"], images: [Painted.spot(Pair(50, 30), at: Point(11, 30), radius: 3)], labels: [0],
            source: "test")
        var plan = TransformPlan.small(
            width: 20, height: 20, channels: 1, padding: 2, normalization: Normalization(mean: [0], deviation: [1]))
        plan.training.insert(.resize(width: 33, height: 47, filter: .bicubic), at: 0)
        let random = Random(seed: 1, purpose: "test")
        let fresh = try Transform(plan, mode: .training).moved(data.image(0), random: random)
        let kept = try cachedMotions(data, Transform(plan, mode: .training), random: random, count: 3)
        #expect(kept == Array(repeating: fresh.motion, count: 3))
    }

    @Test func changesOfColorsMoveNothing() {
        let image = Painted.spot(Pair(20, 31), at: Point(10, 10), radius: 3)
        for operation in RandAugment.Operation.allCases where !Geometry.operations.contains(operation) {
            let augment = RandAugment(policy: RandAugment.Policy(), fill: [0], filter: .bilinear)
            let draw = RandAugment.Draw(operation: operation, level: 7, isNegative: false)
            #expect(movedOnCanvas(image) { augment.apply(draw, to: &$0) }.motion == .identity(image.size))
        }
        let jitter = TransformStep.colorJitter(brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.1)
        let moved = movedOnCanvas(image) { canvas in
            var random = Random(seed: 0, purpose: "test")
            jitter.apply(to: &canvas, &random)
        }
        #expect(moved.motion == .identity(image.size))
    }

    @Test func halfPixelsAreWhereResizingHasThem() {
        // Two pixels into one: its center is between theirs.
        let half = Motion.resize(Pair(4, 8), to: Pair(2, 4))
        #expect(half.source(of: Point(0.5, 0.5)) == Point(1, 1))
        #expect(half.target(of: Point(8, 4)) == Point(4, 2))
        // A third as large: the middle pixel of three.
        #expect(Motion.resize(Pair(9, 9), to: Pair(3, 3)).source(of: Point(1.5, 0.5)) == Point(4.5, 1.5))
        #expect(Motion.flip(Pair(1, 5)).source(of: Point(0.5, 0.5)) == Point(4.5, 0.5))
        #expect(Motion.crop(Pair(9, 9), x: 2, y: -1, to: Pair(3, 3)).source(of: Point(0.5, 0.5)) == Point(2.5, -0.5))
        #expect(Motion.pad(Pair(2, 2), left: 3, top: 1, to: Pair(6, 6)).target(of: Point(0, 0)) == Point(3, 1))
    }

    @Test func compositionsAndInversesAgree() throws {
        for seed in 0..<200 {
            var random = Random(seed: UInt64(seed), purpose: "compose")
            let image = Painted.spot(Geometry.size(&random), at: Point(20, 20), radius: 2)
            let (middle, first) = Geometry.moved(image, by: Geometry.chain(&random), seed: UInt64(seed))
            let second = Geometry.moved(middle, by: Geometry.chain(&random), seed: UInt64(seed) + 1).motion
            let both = first.then(second)
            let inverse = try #require(both.inverse)
            #expect(both.source == first.source && both.target == second.target)
            #expect(inverse.source == both.target && inverse.target == both.source)
            for _ in 0..<10 {
                let place = Point(random.uniform(-50, 150), random.uniform(-50, 150))
                let source = both.source(of: place)
                #expect(isNear(source, first.source(of: second.source(of: place))))
                #expect(isNear(both.target(of: source), place))
                #expect(isNear(inverse.source(of: source), place))
                #expect(isNear(inverse.target(of: place), source))
                #expect(isNear(both.then(inverse).source(of: place), place))
            }
        }
    }

    @Test func whatWasCutOffHasNoSource() {
        let image = Painted.spot(Pair(20, 20), at: Point(10, 10), radius: 2)
        let motion = movedOnCanvas(image) { canvas in
            canvas.crop(x: 5, y: 0, width: 15, height: 20)
            canvas.crop(x: -5, y: 0, width: 20, height: 20)
        }.motion
        #expect(motion.matrix == [1, 0, 0, 0, 1, 0])
        #expect(motion.visibleSource(of: Point(4.5, 3.5)) == nil)
        #expect(motion.visibleSource(of: Point(5.5, 3.5)) == Point(5.5, 3.5))
        // A corner that a turn took away does not come back with the turn.
        let size = Pair(20, 20)
        let turn = Motion(
            matrix: inverseAffine(width: 20, height: 20, angle: .pi / 4, shift: (0, 0), scale: 1, shear: 0),
            from: size, to: size)
        let back = Motion(
            matrix: inverseAffine(width: 20, height: 20, angle: -.pi / 4, shift: (0, 0), scale: 1, shear: 0),
            from: size, to: size)
        #expect(turn.then(back).visibleSource(of: Point(1, 1)) == nil)
        #expect(turn.then(back).visibleSource(of: Point(10, 1)) != nil)
    }

    @Test func aMapOntoALineIsNoError() {
        let size = Pair(5, 5)
        for matrix in [[1, 0, 0, 1, 0, 0], [1e300, 0, 0, 0, 1e300, 0], [.nan, 0, 0, 0, 1, 0]] {
            let motion = Motion.identity(size).then(Motion(matrix: matrix, from: size, to: size))
            #expect(motion.inverse == nil && motion.target(of: Point(1, 1)) == nil && motion.areaScale == 0)
            let objects = Instances(
                size: size, items: [Instance(box: Box(left: 1, top: 1, right: 3, bottom: 3), classIndex: 0)])
            #expect(objects.moved(by: motion).items.isEmpty)
            #expect(Mask(size: size, labels: Array(repeating: 1, count: 25)).moved(by: motion).size == size)
        }
    }

    private func isNear(_ a: Point?, _ b: Point) -> Bool {
        guard let a else { return false }
        return abs(a.x - b.x) < 1e-6 && abs(a.y - b.y) < 1e-6
    }
}
