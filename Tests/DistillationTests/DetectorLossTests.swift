import Autograd
import Distillation
import JSON
import Layers
import Tensors
import TestSupport
import Testing

/// Losses of detectors against numbers of an independent implementation, Scripts/fixtures/losses.py.
@Suite struct DetectorLossTests {
    @Test func theFixtureIsThere() {
        #expect(Set(LossFixture.all.map(\.kind)) == ["l2", "at", "cwd", "pkd", "mgd", "fgd", "headKD", "boxKD"])
        #expect(LossFixture.all.count == 14)
    }

    private func plain(_ fixture: LossFixture) throws -> any DistillationLoss {
        switch fixture.kind {
        case "l2": FeatureMimicLoss()
        case "at": AttentionTransferLoss()
        case "cwd": ChannelWiseLoss(temperature: fixture.number("temperature"))
        default: PearsonLoss()
        }
    }

    @Test(arguments: ["l2", "at", "cwd", "pkd"].flatMap { LossFixture.named($0) })
    func mapsOfDetectors(fixture: LossFixture) throws {
        let loss = try plain(fixture)
        func run<S: Scalar>(_ type: S.Type) throws -> Double {
            try LossRun(fixture, as: type) { loss(student: $0, teacher: $1, LossContext(layers: $2)) }.error(fixture)
        }
        #expect(try run(Double.self) < 1e-9)
        #expect(try run(Float.self) < 3e-5)
    }

    @Test(arguments: LossFixture.named("mgd"))
    func maskedGeneration(fixture: LossFixture) throws {
        let mask = try #require(MaskedGenerationLoss.Mask(rawValue: fixture["maskKind"].stringValue ?? ""))
        func run<S: Scalar>(_ type: S.Type) throws -> Double {
            let scope = Scope()
            let loss = MaskedGenerationLoss(scope, channels: 4, mask: mask)
            let given = fixture.tensor("mask").converted(to: type)
            return try LossRun(fixture, scope, as: type) { loss.distance($0, $1, given, $2) }.error(fixture)
        }
        #expect(try run(Double.self) < 1e-9)
        #expect(try run(Float.self) < 3e-5)
    }

    private func regions(_ fixture: LossFixture) -> LossRegions {
        func sizes(_ json: JSONValue) -> Pair {
            let numbers = LossFixture.numbers(json).map { Int($0) }
            return Pair(numbers[0], numbers[1])
        }
        return LossRegions(
            boxes: (fixture["boxes"].arrayValue ?? []).map { image in
                (image.arrayValue ?? []).map { box in
                    let sides = LossFixture.numbers(box)
                    return LossBox(left: sides[0], top: sides[1], right: sides[2], bottom: sides[3])
                }
            }, size: sizes(fixture["size"]), validSizes: (fixture["validSizes"].arrayValue ?? []).map(sizes))
    }

    private func focalGlobal(_ fixture: LossFixture, _ scope: Scope) throws -> FocalGlobalLoss {
        var rule = FocalGlobalRule(
            try #require(DetectorPreset(rawValue: fixture["preset"].stringValue ?? "")))
        rule.followsReference = fixture["reference"].boolValue ?? false
        return FocalGlobalLoss(scope, channels: 4, rule: rule, temperature: fixture.number("temperature"))
    }

    @Test(arguments: LossFixture.named("fgd"))
    func focalAndGlobal(fixture: LossFixture) throws {
        let regions = regions(fixture)
        func run<S: Scalar>(_ type: S.Type) throws -> Double {
            let scope = Scope()
            let loss = try focalGlobal(fixture, scope)
            return try LossRun(fixture, scope, as: type) {
                loss(student: $0, teacher: $1, LossContext(layers: $2, regions: regions))
            }.error(fixture)
        }
        #expect(try run(Double.self) < 1e-9)
        #expect(try run(Float.self) < 3e-5)
    }

    @Test(arguments: LossFixture.named("fgd"))
    func masksOfObjects(fixture: LossFixture) throws {
        let masks = try focalGlobal(fixture, Scope()).masks([2, 3, 4, 4], regions(fixture))
        let (foreground, background) = (fixture.tensor("foreground"), fixture.tensor("background"))
        #expect(distance(Tensor(foreground.shape, masks.foreground), foreground) < 1e-15)
        #expect(distance(Tensor(background.shape, masks.background), background) < 1e-15)
    }

    /// The two halves of FGD that classification uses are what the whole is made of.
    @Test func theWholeIsTheSumOfItsParts() throws {
        let scope = Scope()
        var rule = FocalGlobalRule()
        (rule.alpha, rule.beta, rule.gamma, rule.lambda) = (3, 0.5, 0.25, 0.125)
        let loss = FocalGlobalLoss(scope["a"], channels: 3, rule: rule)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        store.redraw(seed: 2)
        let (s, t) = (normal([2, 5, 4, 3], "s"), normal([2, 5, 4, 3], "t"))
        let context = LossContext(layers: Context(store, mode: .training))
        let found = loss(student: Variable(s), teacher: t, context).value.item
        func value(_ part: any DistillationLoss) -> Double {
            part(student: Variable(s), teacher: t, context).value.item
        }
        // Without boxes all is background, under the uniform mask.
        let expected =
            0.5 * value(FocalFeatureLoss()) + 0.25 * value(FocalAttentionLoss()) + 0.125 * value(loss.relation)
        #expect(abs(found - expected) < 1e-12 * expected)
        let terms = loss.terms(student: Variable(s), teacher: t, context)
        #expect(terms.foreground.value.item == 0)
        #expect(abs(terms.relation.value.item - value(loss.relation)) < 1e-11)
    }

    @Test func bitsDoNotDependOnThreads() {
        let shape: Shape = [3, 40, 33, 32]
        let (s, t) = (normal(shape, "s").converted(to: Float.self), normal(shape, "t").converted(to: Float.self))
        let boxes = [LossBox(left: 3, top: 2, right: 14.5, bottom: 9), LossBox(left: 1, top: 5, right: 30, bottom: 39)]
        let regions = LossRegions(boxes: [boxes, [], [boxes[0]]], size: Pair(40, 33))
        let scope = Scope()
        let losses: [any DistillationLoss] = [
            FocalGlobalLoss(scope["fgd"], channels: 32),
            MaskedGenerationLoss(scope["mgd"], channels: 32, mask: .spatial),
            ChannelWiseLoss(), PearsonLoss(), FeatureMimicLoss(),
        ]
        let store = ParameterStore<Float>(scope.list, seed: 1)
        store.redraw(seed: 2)
        for loss in losses {
            let violations = ThreadIndependence.violations {
                let tape = Tape<Float>()
                let leaf = tape.leaf(s)
                let context = Context(
                    store, mode: .training, tape: tape, random: RandomKey(seed: 3, purpose: "step"))
                let value = loss(student: leaf, teacher: t, LossContext(layers: context, regions: regions))
                tape.backward(from: value)
                return [value.value.bits, tape.gradient(of: leaf)?.bits ?? []]
            }
            #expect(violations == [], "\(loss)")
        }
    }

    @Test func anUntrainedRelationComparesTheMapsThemselves() {
        let scope = Scope()
        let loss = FocalGlobalLoss(scope, channels: 64)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        let (s, t) = (normal([2, 2, 2, 64], "s"), normal([2, 2, 2, 64], "t"))
        let context = LossContext(layers: Context(store, mode: .training))
        let relation = loss.terms(student: Variable(s), teacher: t, context).relation.value.item
        #expect(abs(relation - (s - t).sumOfSquares() / 2) < 1e-10)
        // Drawn by fan-in, which is what tells them from other layers.
        let weights = store[loss.relation.student.mask.weight].array
        let deviation = (weights.reduce(0) { $0 + $1 * $1 } / 64).squareRoot()
        #expect(abs(deviation / (2.0 / 64).squareRoot() - 1) < 0.3)
    }
}

/// Masks of FGD for boxes that are unlike those of a data set.
@Suite struct FocalMaskTests {
    private func masks(_ box: LossBox, size: Pair = Pair(32, 32)) -> FocalMasks {
        FocalMasks(LossRegions(boxes: [[box]], size: size), images: 1, map: Pair(4, 4))
    }

    @Test func cellsAreCountedBeyondTheBorderToo() {
        let masks = masks(LossBox(left: -8, top: 0, right: 7, bottom: 7))
        // Columns -1, 0 and 1, rows 0 and 1.
        let share = 1.0 / 6
        #expect(Array(masks.foreground.prefix(6)) == [share, share, 0, 0, share, share])
        #expect(isClose(masks.background.reduce(0, +), 1, 1e-12) && masks.background[0] == 0)
    }

    @Test func anObjectOverTheWholeMapLeavesNoBackground() {
        let masks = masks(LossBox(left: -1, top: -1, right: 40, bottom: 40))
        #expect(masks.foreground.allSatisfy { $0 > 0 } && masks.background.allSatisfy { $0 == 0 })
    }

    @Test func boxesThatAreNoneOrOutsideLeaveTheMapAsItIs() {
        let none = FocalMasks(nil, images: 1, map: Pair(4, 4))
        #expect(none.background == [Double](repeating: 1.0 / 16, count: 16))
        for box in [
            LossBox(left: .nan, top: 0, right: 3, bottom: 3), LossBox(left: 0, top: 0, right: .infinity, bottom: 3),
            LossBox(left: 1e300, top: 0, right: 1e301, bottom: 3), LossBox(left: 20, top: 0, right: 2, bottom: 3),
        ] {
            #expect(masks(box) == none, "\(box)")
        }
    }
}
