import Autograd
import Distillation
import Layers
import Tensors
import Testing

@Suite struct CostTests {
    /// One tap per model, maps [N, H, W, C].
    private func pairing(_ a: Tensor<Double>, _ b: Tensor<Double>) throws -> FeaturePairing {
        func tap(_ x: Tensor<Double>) -> FeatureTap {
            FeatureTap(name: "stage", stride: 4, channels: x.shape[3], height: x.shape[1], width: x.shape[2])
        }
        return try FeaturePairing(student: [tap(a)], teacher: [tap(b)])
    }

    /// C(a -> b), fitted on `a` and `b` and measured on the same images or others.
    private func cost(
        _ a: Tensor<Double>, _ b: Tensor<Double>, heldOut: (Tensor<Double>, Tensor<Double>)? = nil
    ) throws -> AdaptationCost {
        var fit = AdaptationCostAccumulator(try pairing(a, b))
        fit.add(studentFeatures: [a], teacherFeatures: [b])
        var evaluator = fit.fitted()
        let (x, y) = heldOut ?? (a, b)
        evaluator.add(studentFeatures: [x], teacherFeatures: [y])
        return evaluator.cost()
    }

    /// A map whose channels are correlated, far from 0 and of different scales.
    private func features(_ purpose: String, images: Int = 40, size: Int = 4, channels: Int) -> Tensor<Double> {
        let mixing = normal([channels, channels], "mixing")
        let offset = normal([channels], "offset").scaled(by: 30)
        return normal([images, size, size, channels], purpose).linear(mixing, offset)
    }

    @Test func someOfManyPlacesTellNearlyTheSame() throws {
        let (a, b) = (
            features("large a", images: 64, size: 16, channels: 4),
            features("large b", images: 64, size: 16, channels: 3)
        )
        let mixed = b + a.linear(normal([3, 4], "way"), normal([3], "shift"))
        func cost(_ positions: Int) throws -> AdaptationCost {
            var fit = AdaptationCostAccumulator(try pairing(a, mixed), positions: positions)
            fit.add(studentFeatures: [a], teacherFeatures: [mixed])
            var evaluator = fit.fitted()
            evaluator.add(studentFeatures: [a], teacherFeatures: [mixed])
            return evaluator.cost()
        }
        let (all, some, same) = (try cost(.max), try cost(64), try cost(256))
        #expect(all.value > 0.01 && all.value == same.value)
        #expect(some.value != all.value && isClose(some.value, all.value, 0.05))
    }

    @Test func theLeastCostIsDecidedOnceErrorBarsTellItApart() {
        /// A cost that images spread around, in runs of `run`, so that two of them do not go together.
        func cost(_ value: Double, spread: Double, run: Int, images: Int = 64) -> AdaptationCost {
            AdaptationCost(value: value, perImage: (0..<images).map { value + ($0 / run % 2 == 0 ? spread : -spread) })
        }
        let first = cost(0.5, spread: 0.4, run: 1)
        // The error bar of the difference is 0.4 sqrt(2 / 64), 0.07.
        #expect(AdaptationCost.leastIsDecided([cost(0.9, spread: 0.4, run: 2), first]))
        #expect(!AdaptationCost.leastIsDecided([cost(0.6, spread: 0.4, run: 2), first]))
        // What is the same in all images tells nothing.
        #expect(AdaptationCost.leastIsDecided([cost(0.51, spread: 0.4, run: 1), first]))
        // One undecided cost among others.
        let far = cost(0.9, spread: 0.4, run: 2)
        #expect(!AdaptationCost.leastIsDecided([far, cost(0.55, spread: 0.4, run: 4), first]))
        // As good as equal.
        #expect(AdaptationCost.leastIsDecided([cost(0.501, spread: 0.02, run: 2), cost(0.5, spread: 0.02, run: 1)]))
        // Few images have no error bar to speak of.
        #expect(
            !AdaptationCost.leastIsDecided([
                cost(0.9, spread: 0, run: 2, images: 8), cost(0.1, spread: 0, run: 1, images: 8),
            ]))
        // Numbers that are none do not get better.
        #expect(AdaptationCost.leastIsDecided([cost(.nan, spread: 0, run: 1), first]))
        #expect(AdaptationCost.leastIsDecided([]))
    }

    @Test func oneChannelOnEachSideIsSymmetric() throws {
        let x = Tensor<Double>([4, 1, 1, 1], [0, 1, 2, 3])
        let y = Tensor<Double>([4, 1, 1, 1], [1, 2, 2, 5])
        let forward = try cost(x, y)
        #expect(isClose(forward.levels[0].error, 0.45, 1e-6))
        #expect(isClose(forward.value, 0.2, 1e-6))
        let back = try cost(y, x)
        #expect(isClose(back.levels[0].error, 0.25, 1e-6))
        #expect(isClose(back.value, 0.2, 1e-6))
        var fit = AdaptationCostAccumulator(try pairing(x, y))
        fit.add(studentFeatures: [x], teacherFeatures: [y])
        let map = fit.fitted().maps[0]
        #expect(isClose(map.weight.item, 1.2, 1e-5) && isClose(map.bias.item, 0.7, 1e-5))
    }

    @Test func moreChannelsAreCheapToReduceAndDearToInvent() throws {
        // u and v are orthogonal, of mean 0 and variance 1.
        let (u, v): ([Double], [Double]) = ([1, 1, -1, -1], [1, -1, 1, -1])
        let both = Tensor<Double>([4, 1, 1, 2], zip(u, v).flatMap { [$0, $1] })
        let one = Tensor<Double>([4, 1, 1, 1], u)
        #expect(isClose(try cost(both, one).value, 0, 1e-6))
        #expect(isClose(try cost(one, both).value, 0.5, 1e-6))
    }

    @Test func aModelCostsNothingToItself() throws {
        let x = features("self", channels: 70)
        #expect(
            try cost(x, x, heldOut: (features("other", channels: 70), features("other", channels: 70))).value < 1e-6)
        // Also where the channels depend on each other and one is constant.
        let lowRank = normal([50, 2, 2, 3], "low").linear(normal([9, 3], "spread"), nil)
        let dead = lowRank * Tensor([9], [1, 1, 1, 1, 1, 0, 1, 1, 1])
        #expect(try cost(dead, dead).value < 1e-6)
    }

    @Test func aLinearCombinationCostsNothing() throws {
        let (x, other) = (features("x", channels: 6), features("y", channels: 6))
        let (weight, bias) = (normal([4, 6], "weight"), normal([4], "bias"))
        let result = try cost(x, x.linear(weight, bias), heldOut: (other, other.linear(weight, bias)))
        #expect(result.value < 1e-6)
    }

    @Test func resizingComesBeforeTheMap() throws {
        let x = features("large", size: 8, channels: 5)
        let pooled = Variable(x).resized(height: 4, width: 4, .bilinear(alignCorners: false)).value
        #expect(try cost(x, pooled).value < 1e-6)
        let enlarged = x.resized(height: 16, width: 16, .bilinear(alignCorners: false))
        #expect(try cost(x, enlarged).value < 1e-6)
    }

    @Test func batchesAndPrecisionDoNotMatter() throws {
        let (x, noise) = (features("x", channels: 6), normal([40, 4, 4, 3], "noise"))
        let y = x.linear(normal([3, 6], "weight"), nil) + noise
        let whole = try cost(x, y)
        func part<S: Scalar>(_ tensor: Tensor<Double>, _ images: Range<Int>, as type: S.Type) -> Tensor<S> {
            let size = tensor.elementCount / tensor.shape[0]
            return Tensor(
                tensor.shape.replacing(axis: 0, with: images.count),
                Array(tensor.array[images.lowerBound * size..<images.upperBound * size])
            ).converted(to: S.self)
        }
        var fit = AdaptationCostAccumulator(try pairing(x, y))
        for images in [0..<7, 7..<30, 30..<40] {
            fit.add(
                studentFeatures: [part(x, images, as: Float.self)], teacherFeatures: [part(y, images, as: Float.self)])
        }
        var evaluator = fit.fitted()
        for images in [0..<33, 33..<40] {
            evaluator.add(
                studentFeatures: [part(x, images, as: Double.self)], teacherFeatures: [part(y, images, as: Double.self)]
            )
        }
        let parts = evaluator.cost()
        #expect(isClose(parts.value, whole.value, 1e-6))
        #expect(parts.perImage.count == 40)
        let mean = parts.perImage.reduce(0, +) / 40
        #expect(isClose(mean, parts.value, 1e-12))
    }

    @Test func descentAgreesWithTheExactFit() throws {
        let hidden = normal([200, 2, 2, 6], "hidden")
        let x = hidden.linear(normal([8, 6], "a"), normal([8], "offset").scaled(by: 5))
        let y = (hidden + normal([200, 2, 2, 6], "noise").scaled(by: 0.4)).linear(normal([5, 6], "b"), nil)
        let exact = try cost(x, y)
        var descent = DescentFit(try pairing(x, y), updates: 600)
        for _ in 0..<600 { descent.update(studentFeatures: [x], teacherFeatures: [y]) }
        var evaluator = descent.fitted()
        evaluator.add(studentFeatures: [x], teacherFeatures: [y])
        let second = evaluator.cost()
        #expect(exact.value > 0.05 && exact.value < 0.5)
        #expect(abs(exact.value - second.value) < 0.01, "\(exact.value) and \(second.value)")
        #expect(second.value >= exact.value - 1e-9)
    }

    @Test func scaleAndOffsetOfTheTargetDoNotMatter() throws {
        let (x, noise) = (features("x", channels: 6), normal([40, 4, 4, 3], "noise"))
        let y = x.linear(normal([3, 6], "weight"), nil) + noise
        let moved = y.scaled(by: 100) + Tensor(7)
        let (plain, scaled) = (try cost(x, y), try cost(x, moved))
        #expect(isClose(plain.value, scaled.value, 1e-9))
        let expected = plain.levels[0].error * 1e4
        #expect(isClose(scaled.levels[0].error, expected, 1e-4))
    }

    @Test func errorBarIsTheDeviationOfTheMean() {
        let values = normal([400], "values").array
        let mean = values.reduce(0, +) / 400
        let squares: Double = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        let deviation = (squares / 400).squareRoot() / 20
        let found = bootstrapDeviation(values, samples: 2000)
        #expect(isClose(found, deviation, 0.05 * deviation))
        // Costs that differ by the same amount on every image differ for sure, however much images vary.
        let a = AdaptationCost(value: mean, errorBar: deviation, perImage: values)
        let b = AdaptationCost(value: mean + 0.01, errorBar: deviation, perImage: values.map { $0 + 0.01 })
        #expect(a.errorBarOfDifference(b) < 1e-12)
        let c = AdaptationCost(value: mean + 0.01, errorBar: 0.3)
        #expect(isClose(c.errorBarOfDifference(AdaptationCost(value: 0, errorBar: 0.4)), 0.5, 1e-12))
    }

    @Test(arguments: [1, 5, 64, 65, 200])
    func choleskySolves(size: Int) throws {
        let root = normal([size + 3, size], "root \(size)")
        let a = Storage<Double>(count: size * size)
        let gram = root.linearWeightGradient(root)
        gram.copy(into: a.pointer)
        let wanted = normal([size, 3], "solution")
        let b = Storage<Double>(count: size * 3)
        gram.linearInputGradient(wanted).copy(into: b.pointer)
        let factor = try #require(Cholesky(a, size: size))
        factor.solve(b, columns: 3)
        for (i, value) in wanted.array.enumerated() { #expect(isClose(b.pointer[i], value, 1e-5)) }
        a.pointer[size * size - 1] = -1
        #expect(Cholesky(a, size: size) == nil)
    }
}
