import Tasks
import Testing

/// Ten images of three classes; a fourth class has none, yet one image is taken for it. Sixteenths, which single
/// precision holds exactly, with ties in the second class's column.
private let labels = [0, 0, 0, 1, 1, 2, 2, 2, 2, 0]
private let sixteenths: [[Float]] = [
    [10, 3, 2, 1], [5, 6, 4, 1], [8, 4, 3, 1], [2, 12, 1, 1], [7, 6, 2, 1], [1, 2, 13, 0], [3, 3, 9, 1], [6, 5, 4, 1],
    [2, 2, 4, 8], [9, 4, 2, 1],
]

private func report(_ labels: [Int], _ probabilities: [[Float]]) -> ClassificationReport {
    let classes = probabilities[0].count
    var scores = PredictionScores(classes: classes, images: labels.count)
    var calibration = Calibration()
    var confusion = Array(repeating: Array(repeating: 0, count: classes), count: classes)
    for (label, row) in zip(labels, probabilities) {
        scores.add(label: label, row)
        let best = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
        calibration.add(confidence: Double(row[best]), isRight: best == label)
        confusion[label][best] += 1
    }
    return ClassificationReport(confusion: confusion, calibration: calibration, scores: scores)
}

private func agree(_ value: Double?, _ expected: Double) -> Bool { value.map { abs($0 - expected) < 1e-12 } ?? false }

@Suite struct ClassificationReportTests {
    private let whole = report(labels, sixteenths.map { $0.map { $0 / 16 } })

    /// The literals are those of scikit-learn 1.9.1 for the same arrays: `precision_score`, `recall_score` and `f1_score`
    /// with `average="macro"` and `labels=[0, 1, 2]`, `balanced_accuracy_score`, and the mean of
    /// `roc_auc_score(y == c, p[:, c])`.
    @Test func figuresAreThoseOfScikitLearn() {
        #expect(agree(whole.macroPrecision, 0.7000000000000001))
        #expect(agree(whole.macroRecall, 0.5833333333333334))
        #expect(agree(whole.macroF1, 0.611111111111111))
        #expect(agree(whole.macroAUC, 0.9479166666666666))
        for (entry, area) in zip(whole.classes, [0.9166666666666666, 0.96875, 0.9583333333333333]) {
            #expect(agree(entry.auc, area))
        }
    }

    @Test func figuresAreThoseOfCountingByHand() {
        let first = whole.classes[0]
        #expect(first.images == 4 && first.predicted == 5)
        #expect(agree(first.precision, 3.0 / 5) && agree(first.recall, 3.0 / 4) && agree(first.f1, 6.0 / 9))
        // Bins of (8, 9, 10)/15: 0.5; 9/16; 10/16; then 12/16 and 13/16, each with the sum of what it is off by.
        #expect(agree(whole.calibrationError, 0.2875))
    }

    @Test func aClassWithoutImagesIsNamedAndInNoMean() {
        #expect(whole.absent == [3])
        let absent = whole.classes[3]
        #expect(absent.predicted == 1 && absent.precision == nil && absent.recall == nil && absent.auc == nil)
    }

    @Test func aClassThatNothingIsTakenForHasNoPrecision() {
        let found = report([0, 1], [[0.9, 0.1], [0.8, 0.2]])
        #expect(found.classes[1].precision == 0 && found.classes[1].recall == 0 && found.classes[1].f1 == 0)
        #expect(agree(found.macroPrecision, 0.25) && found.macroAUC == 1)
    }

    @Test func equalScoresAreNoBetterThanChance() {
        #expect(report([0, 1, 0, 1], Array(repeating: [0.5, 0.5], count: 4)).macroAUC == 0.5)
    }

    @Test func oneClassHasNoAreaAndCertainAnswersHaveNoError() {
        let found = report([0, 0], [[1, 0], [1, 0]])
        #expect(found.macroAUC == nil && found.macroF1 == 1 && found.calibrationError == 0)
        #expect(report([1, 1], [[1, 0], [1, 0]]).calibrationError == 1)
    }

    @Test func areasAreLeftOutWhereTheyWouldTakeTooMuchMemory() {
        #expect(!PredictionScores(classes: 1 << 20, images: 1 << 20).keepsAll)
        #expect(!PredictionScores(classes: .max, images: 2).keepsAll)
        #expect(ClassificationReport(confusion: [[1, 0], [0, 1]]).macroAUC == nil)
    }
}
