import Datasets
import Detection
import Tensors
import TestSupport
import Testing

/// Which anchor learns which object, and which of them are drawn.
struct MatchingTests {
    @Test func matchesAreThoseOfTheReference() throws {
        for (name, matcher) in [
            ("match_0.5_0.4_low", Matcher(high: 0.5, low: 0.4, lowQuality: .ownBest)),
            ("match_0.7_0.3_low", Matcher(high: 0.7, low: 0.3, lowQuality: .ownBest)),
            ("match_0.5_0.5_strict", Matcher(high: 0.5, low: 0.5)),
        ] {
            let given = try BoxCase.named(name)
            let found = matcher.matches(given.boxes("in.anchors"), given.boxes("in.gt"))
            #expect(found.map { Int($0) } == given.integers("out.0"), "\(name)")
        }
    }

    /// The rules as they are told.
    private func plain(_ matcher: Matcher, _ anchors: [Box], _ boxes: [Box]) -> [Int32] {
        if boxes.isEmpty { return anchors.map { _ in Matcher.nothing } }
        let overlaps = anchors.map { anchor in boxes.map { MadeBoxes.overlap($0, anchor) } }
        let best = overlaps.map { row in row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 } }
        var result = anchors.indices.map { index -> Int32 in
            let value = overlaps[index][best[index]]
            return value >= matcher.high ? Int32(best[index]) : value < matcher.low ? Matcher.nothing : Matcher.ignored
        }
        for box in boxes.indices {
            let most = overlaps.map { $0[box] }.max() ?? 0
            for anchor in anchors.indices where overlaps[anchor][box] == most && most > 0 {
                switch matcher.lowQuality {
                case .off: break
                case .ownBest: result[anchor] = Int32(best[anchor])
                case .inOrder(let least): if most >= least { result[anchor] = Int32(box) }
                }
            }
        }
        return result
    }

    @Test func tiesAreTreatedByEachRule() {
        var random = Random(seed: 3, purpose: "matches")
        let rules: [Matcher.LowQuality] = [.off, .ownBest, .inOrder(least: 0), .inOrder(least: 0.3)]
        for round in 0..<40 {
            let anchors = MadeBoxes.whole(300 + round, &random)
            let boxes = MadeBoxes.whole(round % 9, &random)
            for rule in rules {
                let matcher = Matcher(high: 0.5, low: 0.4, lowQuality: rule)
                #expect(matcher.matches(anchors, boxes) == plain(matcher, anchors, boxes), "\(rule)")
            }
        }
    }

    @Test func aBoxFarFromAllAnchorsMatchesNone() {
        let anchors = [Box(left: 0, top: 0, right: 4, bottom: 4), Box(left: 4, top: 0, right: 8, bottom: 4)]
        let far = Box(left: 100, top: 100, right: 104, bottom: 104)
        for rule in [Matcher.LowQuality.ownBest, .inOrder(least: 0)] {
            let matcher = Matcher(high: 0.5, low: 0.4, lowQuality: rule)
            #expect(matcher.matches(anchors, [far]) == [Matcher.nothing, Matcher.nothing])
            #expect(matcher.matches(anchors, []) == [Matcher.nothing, Matcher.nothing])
            #expect(matcher.matches([Box](), [far]).isEmpty)
        }
    }

    @Test func theLaterBoxTakesAnAnchorThatBothWantInOneRuleAlone() {
        let anchor = [Box(left: 0, top: 0, right: 10, bottom: 10)]
        // Both overlap it less than enough, the first one more.
        let boxes = [Box(left: 0, top: 0, right: 10, bottom: 4), Box(left: 0, top: 0, right: 10, bottom: 3)]
        #expect(Matcher(high: 0.5, low: 0.5, lowQuality: .ownBest).matches(anchor, boxes) == [0])
        #expect(Matcher(high: 0.5, low: 0.5, lowQuality: .inOrder(least: 0)).matches(anchor, boxes) == [1])
        #expect(Matcher(high: 0.5, low: 0.5, lowQuality: .inOrder(least: 0.35)).matches(anchor, boxes) == [0])
    }

    @Test func anchorsThatDoNotCountAreNotEvenLookedAt() {
        let anchors = [Box(left: 0, top: 0, right: 10, bottom: 10), Box(left: 0, top: 0, right: 10, bottom: 8)]
        let box = [Box(left: 0, top: 0, right: 10, bottom: 10)]
        let matcher = Matcher(high: 0.9, low: 0.3, lowQuality: .inOrder(least: 0))
        #expect(matcher.matches(anchors, box) == [0, Matcher.ignored])
        #expect(matcher.matches(anchors, box, counted: [false, true]) == [Matcher.ignored, 0])
    }

    @Test func anchorsInGroupsLearnNothing() {
        let anchors = BoxColumns([
            Box(left: 0, top: 0, right: 4, bottom: 4), Box(left: 3, top: 0, right: 7, bottom: 4),
            Box(left: 50, top: 0, right: 54, bottom: 4),
        ])
        var matches: [Int32] = [0, Matcher.nothing, Matcher.nothing]
        Matcher.ignore(&matches, anchors, in: [Box(left: 0, top: 0, right: 5, bottom: 90)])
        #expect(matches == [Matcher.ignored, Matcher.nothing, Matcher.nothing])
    }

    @Test func samplesAreFilledUpWithNegatives() {
        let matches: [Int32] = (0..<100).map { $0 < 5 ? 3 : $0 < 20 ? Matcher.ignored : Matcher.nothing }
        let key = RandomKey(seed: 1, purpose: "sample", 4, 2)
        let few = Sampler(count: 40, fraction: 0.5).sample(matches, key)
        #expect(few.positives == Array(0..<5) && few.negatives.count == 35)
        #expect(Set(few.negatives).count == 35 && few.negatives.allSatisfy { (20..<100).contains($0) })
        #expect(few.negatives == few.negatives.sorted())
        #expect(Sampler(count: 40, fraction: 0.5).sample(matches, key) == few)
        #expect(Sampler(count: 40, fraction: 0.5).sample(matches, RandomKey(seed: 1, purpose: "sample", 5, 2)) != few)
        let limited = Sampler(count: 8, fraction: 0.25).sample(matches, key)
        #expect(limited.positives.count == 2 && limited.negatives.count == 6)
        let all = Sampler(count: nil, fraction: 0.5).sample(matches, key)
        #expect(all.positives == Array(0..<5) && all.negatives == Array(20..<100))
        #expect(Sampler(count: 1000, fraction: 0.5).sample(matches, key) == all)
    }

    @Test func everyAnchorIsDrawnAlikeOften() {
        var counts = [Int](repeating: 0, count: 10)
        let matches = [Int32](repeating: Matcher.nothing, count: 10)
        for step in 0..<3000 {
            let sample = Sampler(count: 3, fraction: 0.5).sample(matches, RandomKey(seed: 9, purpose: "x", step))
            for index in sample.negatives { counts[index] += 1 }
        }
        // 900 each; four deviations are 100.
        #expect(counts.allSatisfy { (800...1000).contains($0) }, "\(counts)")
    }
}
