import Foundation
import Tasks
import Testing

@Suite struct CalibrationTests {
    /// Bins of fifteenths, open below and closed above, counted by hand.
    @Test func predictionsLieInBinsThatAreOpenBelowAndClosedAbove() {
        var found = Calibration()
        found.add(confidence: 1.0 / 15, isRight: false)
        found.add(confidence: 1.1 / 15, isRight: true)
        found.add(confidence: 1, isRight: true)
        found.add(confidence: .nan, isRight: true)
        #expect(found.bins.map(\.count) == [1, 1] + Array(repeating: 0, count: 12) + [1])
        #expect(found.bins[1].right == 1 && found.bins[0].right == 0)
        let expected = (1.0 / 15 + (1 - 1.1 / 15)) / 3
        #expect(abs((found.error ?? 0) - expected) < 1e-12, "expected \(expected), found \(found.error ?? .nan)")
        #expect(Calibration().error == nil)
    }
}

@Suite struct ResamplingTests {
    /// The bootstrap of a share is the binomial distribution: of 90 in 100 it has 2.5 % below 84 and above 95.
    @Test func theIntervalOfAShareIsThatOfTheBinomialDistribution() throws {
        let found = try #require(Resampling(confusion: [[45, 5], [5, 45]]))
        #expect(abs(found.accuracy.low - 0.84) <= 0.011, "found \(found.accuracy)")
        #expect(abs(found.accuracy.high - 0.95) <= 0.011, "found \(found.accuracy)")
        #expect(found.macroF1.low < 0.9 && found.macroF1.high > 0.9)
        // Of 900 in 1000 nearly normal: 1.96 deviations of 0.0095 to both sides.
        let many = try #require(Resampling(confusion: [[450, 50], [50, 450]])).accuracy
        #expect(abs(many.low - 0.8814) < 0.002 && abs(many.high - 0.9186) < 0.002, "found \(many)")
        #expect(found == Resampling(confusion: [[45, 5], [5, 45]]), "the same images give the same intervals")
    }

    @Test func moreImagesGiveNarrowerIntervalsAndNoneGiveNone() throws {
        let few = try #require(Resampling(confusion: [[9, 1], [1, 9]]))
        let many = try #require(Resampling(confusion: [[900, 100], [100, 900]]))
        #expect(many.accuracy.high - many.accuracy.low < 0.3 * (few.accuracy.high - few.accuracy.low))
        #expect(Resampling(confusion: [[0, 0], [0, 0]]) == nil)
        let certain = Resampling(confusion: [[5, 0], [0, 0]])?.balancedAccuracy
        #expect(certain?.low == 1 && certain?.high == 1)
    }
}

@Suite struct McNemarTests {
    /// `scipy.stats.binomtest(k, n, 0.5).pvalue`.
    @Test(arguments: [(0, 0, 1.0), (1, 9, 0.021484375), (9, 1, 0.021484375), (5, 5, 1.0), (0, 10, 0.001953125)])
    func theProbabilityIsThatOfTheBinomialTest(first: Int, second: Int, expected: Double) {
        let found = McNemar(first: first, second: second).probability
        #expect(abs(found - expected) < 1e-12, "expected \(expected), found \(found)")
    }

    @Test func largeCountsNeitherOverflowNorVanish() {
        let found = McNemar(first: 4900, second: 5100).probability
        // By sums of exact fractions.
        #expect(abs(found - 0.04658552770494739) < 1e-9, "found \(found)")
    }
}

@Suite struct TemperatureFitTests {
    /// Two classes at logits (d, 0) that are right in a share r of the images: the best temperature is d / log(r / (1 - r)).
    @Test func theTemperatureMakesTheProbabilityTheShareOfRightAnswers() throws {
        var fit = TemperatureFit(classes: 2)
        for image in 0..<10 { [6, 0].withUnsafeBufferPointer { fit.add($0, label: image < 8 ? 0 : 1) } }
        let expected = 6 / log(4.0)
        let found = try #require(fit.temperature)
        #expect(abs(found - expected) < 1e-9, "expected \(expected), found \(found)")
    }

    @Test func theTemperatureStaysWithinItsRangeWhereAllAnswersAreRightOrNoneIs() throws {
        for (label, expected) in [(0, 0.05), (1, 20.0)] {
            var fit = TemperatureFit(classes: 2)
            for _ in 0..<5 { [6, 0].withUnsafeBufferPointer { fit.add($0, label: label) } }
            let found = try #require(fit.temperature)
            #expect(abs(found - expected) < 1e-3 * expected, "expected \(expected), found \(found)")
        }
        #expect(TemperatureFit(classes: 2).temperature == nil)
    }

    /// What the weights keep is what evaluation and prediction divide by, and accuracy stays.
    @Test func keptTemperaturesMakeTheCalibrationErrorVanish() throws {
        let rows: [[Float]] = Array(repeating: [6, 0], count: 10)
        let labels = (0..<10).map { Int32($0 < 8 ? 0 : 1) }
        func found(_ temperature: Double, fits: Bool) throws -> ClassificationFindings {
            var evaluator = ClassificationEvaluator(
                classNames: names(2), temperature: temperature, fitsTemperature: fits,
                EvaluationOptions(images: 10) { "image \($0)" })
            try evaluator.add(answer(rows), batch(labels, of: 2))
            return evaluator.finish()
        }
        let before = try found(1, fits: true)
        let temperature = try #require(before.temperature)
        let after = try found(temperature, fits: true)
        #expect((before.calibration.error ?? 0) > 0.19)
        #expect((after.calibration.error ?? 1) < 1e-6 && after.scores[.accuracy] == before.scores[.accuracy])
        #expect(abs((after.temperature ?? 0) - temperature) < 1e-5, "fitting again changes nothing")
        #expect(after.scores.loss < before.scores.loss)
    }
}
