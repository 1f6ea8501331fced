import Foundation
import JSON
import Reporting
import Testing

@Suite struct MetricTests {
    private let error = Metric(
        "meanAbsoluteError", title: "mean absolute error", style: .plain, isHigherBetter: false)
    private let overlap = Metric("meanIoU", title: "mean IoU")

    @Test func keysAreThePrefixAndTheName() {
        #expect(Metric.accuracy.key("validation") == "validationAccuracy")
        #expect(Metric.topFiveAccuracy.key("validation") == "validationTopFiveAccuracy")
        #expect(error.key("bestTest") == "bestTestMeanAbsoluteError" && error.key("") == "meanAbsoluteError")
        #expect(Metric.loss.key("emaValidation") == "emaValidationLoss")
    }

    @Test func aMetricComesBackFromItsDescription() {
        for metric in [error, overlap, .accuracy, .loss] { #expect(Metric(metric.json) == metric) }
        for key in ["name", "title", "style", "isHigherBetter"] {
            var json = error.json
            json[key] = .null
            #expect(Metric(json) == nil, "\(key)")
        }
        #expect(Metric.primary(of: ["testAccuracy": 1]) == .accuracy)
        #expect(Metric.primary(of: ["metric": error.json]) == error)
    }

    @Test func titlesAreShortenedForNarrowLines() {
        #expect(Metric.accuracy.abbreviation == "acc" && error.abbreviation == "mae")
        #expect(overlap.abbreviation == "mIoU" && Metric("ap50", title: "AP50").abbreviation == "AP50")
        #expect(error.heading == "Mean absolute error")
    }

    @Test func theBetterValueIsTheHigherOrTheLower() {
        #expect(error.best([0.3, 0.1, 0.2]) == 0.1 && overlap.best([0.3, 0.1]) == 0.3 && error.best([]) == nil)
        #expect(error.isOrdered(0.1, before: 0.2) && !overlap.isOrdered(0.1, before: 0.2))
        #expect(error.isOrdered(5, before: nil) && !error.isOrdered(nil, before: 5))
        #expect(error.lead(of: 0.1, over: 0.3) > 0 && overlap.lead(of: 0.1, over: 0.3) < 0)
        let scores = Scores(loss: 1, count: 4, [error: 0.2])
        #expect(scores.isBetter(than: Scores(loss: 1, count: 4, [error: 0.3])) && scores[error] == 0.2)
        #expect(scores.isBetter(than: Scores(loss: 2, count: 4, [error: 0.2])))
    }

    @Test func theProgressLineNamesTheMetric() {
        let progress = ProgressReport(epoch: 1, epochs: 2, step: 0, steps: 9, measure: (error, 0.123456))
        #expect(ProgressLine.text(progress) == "epoch 1/2  step 0/9  mean absolute error 0.1235")
        #expect(ProgressLine.text(progress, width: 30) == "epoch 1/2  0/9  mae 0.1235")
    }

    @Test func withoutSeedsNothingTellsTheErrorOfANumber() {
        func verdict(_ first: [Double], _ second: [Double]) -> Verdict {
            Verdict(
                [
                    Verdict.Candidate(name: "A", values: first, images: 100),
                    Verdict.Candidate(name: "B", values: second, images: 100),
                ], metrics: [error])
        }
        let single = verdict([0.5], [0.2])
        #expect(single.winner == nil && single.highest == 1)
        #expect(
            single.sentence()
                == "By validation B leads by 0.3000; none has several seeds to tell their spread, so there is no error and "
                + "no winner.")
        let clear = verdict([0.5, 0.51], [0.2, 0.21])
        #expect(clear.winner == 1)
        #expect(
            clear.sentence()
                == "B does best by validation: 0.2050 ± 0.0071, mean of 2 seeds; it leads A by 0.3000, beyond the error of "
                + "±0.0071.")
        #expect(verdict([0.2, 0.4], [0.25, 0.31]).sentence().contains("within the error of ±0.1"))
    }
}
