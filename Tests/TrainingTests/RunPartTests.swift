import JSON
import Layers
import Reporting
import Tasks
import Testing
import Training

/// A value, or nothing where that is asked for.
private func scores(_ metric: Metric, _ value: Double, loss: Double = 1) -> Scores {
    Scores(loss: loss, count: 10, [metric: value])
}

@Suite struct BestWeightsTests {
    /// A model of one number.
    private func store(_ value: Float) -> ParameterStore<Float> {
        let scope = Scope()
        _ = scope.parameter("x", [1], role: .weight, initializer: .constant(Double(value)))
        return ParameterStore(scope.list, seed: 0)
    }

    private func chosen(_ metric: Metric, _ offers: [(value: Double, loss: Double)]) -> (epoch: Int, weight: Float?) {
        var best = BestWeights(metric)
        for (index, offer) in offers.enumerated() {
            best.offer(scores(metric, offer.value, loss: offer.loss), epoch: index + 1, store(Float(index)))
        }
        return (best.epoch, best.store?.flat.pointer[0])
    }

    @Test func theBetterValueWinsAsTheMetricSays() {
        let offers = [(0.5, 1.0), (0.75, 1.0), (0.25, 1.0)]
        #expect(chosen(.accuracy, offers) == (2, 1))
        #expect(chosen(.meanAbsoluteError, offers) == (3, 2))
        #expect(chosen(.accuracy, []) == (0, nil))
    }

    @Test func ofEqualValuesTheLowerLossWinsAndOfEqualLossesTheEarlierEpoch() {
        for metric in [Metric.accuracy, .meanAbsoluteError] {
            #expect(chosen(metric, [(0.5, 2), (0.5, 1), (0.5, 1)]) == (2, 1))
            #expect(chosen(metric, [(0.5, 1), (0.5, 2)]) == (1, 0))
        }
        #expect(chosen(.accuracy, [(0.5, 2), (0.25, 1)]) == (1, 0), "the loss decides between equal values alone")
    }

    @Test func theWeightsAreACopy() {
        var best = BestWeights(.accuracy)
        let weights = store(1)
        best.offer(scores(.accuracy, 0.5), epoch: 1, weights)
        weights.flat.pointer[0] = 7
        #expect(best.store?.flat.pointer[0] == 1)
        best.offer(scores(.accuracy, 0.25), epoch: 2, weights)
        #expect(best.store?.flat.pointer[0] == 1)
        best.offer(scores(.accuracy, 0.75), epoch: 3, weights)
        #expect(best.store?.flat.pointer[0] == 7 && best.epoch == 3)
    }

    @Test func itsStateIsReadAgain() throws {
        var best = BestWeights(.meanAbsoluteError)
        #expect(JSONValue.object(best.members).text() == #"{"bestEpoch":0,"best":null,"bestLoss":0.0}"#)
        let fresh = try #require(BestWeights(.object(best.members), .meanAbsoluteError, store: nil))
        #expect(fresh.epoch == 0 && fresh.scores == nil)
        best.offer(scores(.meanAbsoluteError, 0.1, loss: 1.0 / 3), epoch: 4, store(2))
        let text = JSONValue.object(best.members).text()
        var again = try #require(BestWeights(try JSONValue(parsing: text), .meanAbsoluteError, store: best.store))
        #expect(again.epoch == 4 && again.scores == Measured(value: 0.1, loss: 1.0 / 3))
        // And goes on as it was: lower is better, equal values by the loss.
        again.offer(scores(.meanAbsoluteError, 0.2), epoch: 5, store(3))
        again.offer(scores(.meanAbsoluteError, 0.1, loss: 0.5), epoch: 6, store(3))
        #expect(again.epoch == 4)
        again.offer(scores(.meanAbsoluteError, 0.1, loss: 0.25), epoch: 7, store(3))
        #expect(again.epoch == 7)
    }

    @Test func aStateOfAnEarlierVersionIsRead() throws {
        let old = try JSONValue(parsing: #"{"bestEpoch":2,"bestAccuracy":0.875,"bestLoss":0.5}"#)
        let best = try #require(BestWeights(old, .accuracy, store: nil))
        #expect(best.epoch == 2 && best.scores == Measured(value: 0.875, loss: 0.5))
        #expect(BestWeights(["bestEpoch": 2, "best": 0.5], .accuracy, store: nil) == nil, "no loss")
        #expect(BestWeights(["bestEpoch": -1, "bestLoss": 0.5], .accuracy, store: nil) == nil, "no epoch")
    }

    @Test func movedToAnotherLayoutTheModelsValuesStay() {
        let scope = Scope()
        _ = scope.parameter("x", [1], role: .weight, initializer: .constant(9))
        let model = scope.list
        _ = scope.parameter("adapter", [2], role: .weight, initializer: .constant(5))
        let wider = ParameterStore<Float>(scope.list, seed: 0)
        var best = BestWeights(.accuracy)
        #expect(best.moved(to: wider, model: model).store == nil)
        best.offer(scores(.accuracy, 0.5), epoch: 3, store(4))
        let moved = best.moved(to: wider, model: model)
        #expect(moved.epoch == 3 && moved.scores == best.scores && moved.store?.list.entries.count == 2)
        #expect(moved.store.map { Array($0.tensor(0).array + $0.tensor(1).array) } == [4, 5, 5])
        #expect(wider.tensor(0).array == [9], "the layout's own values are not touched")
    }
}

@Suite struct EpochLineTests {
    private var sums: EpochSums {
        var progress = RunProgress()
        progress.add(
            loss: 0.5, measured: 3, gradientNorm: 2, terms: [.init(name: "kd", raw: 4, weighted: 1)], images: 4)
        progress.add(
            loss: 1, measured: 3, gradientNorm: 4, terms: [.init(name: "kd", raw: 1, weighted: 0.5)], images: 4)
        progress.skip()
        return progress.sums
    }

    private var end: EpochEnd {
        var end = EpochEnd()
        (end.learningRate, end.imagesPerSecond, end.waited, end.seconds) = (0.001, 1234.56, 1, 4)
        return end
    }

    private func line(
        _ metric: Metric?, sums: EpochSums? = nil, end: EpochEnd? = nil, labels: [JSONValue.Member] = [],
        heading: String? = nil
    ) -> EpochLine {
        EpochLine(
            labels: labels, heading: heading, epoch: 2, epochs: 9, update: 40, sums ?? self.sums, end ?? self.end,
            metric: metric)
    }

    /// As the program wrote it before tasks had metrics of their own.
    @Test func ofAClassifierTheKeysAndTheirOrderAreThoseThatRunsHave() {
        var line = line(.accuracy, labels: [.init("stage", 1), .init("teacher", "big")], heading: "[1/2 big]")
        line.add(validation: Scores(loss: 0.25, count: 100, [.accuracy: 0.75, .topFiveAccuracy: 0.95]))
        line.add(averageValidation: Scores(loss: 0.125, count: 100, [.accuracy: 0.8, .topFiveAccuracy: 0.97]))
        line.add(test: Scores(loss: 0.5, count: 100, [.accuracy: 0.7, .topFiveAccuracy: 0.9]))
        line.close(end, seconds: 12.34567)
        var json = line.json
        #expect(json["peakMemoryMB"]?.doubleValue ?? 0 > 1)
        json["peakMemoryMB"] = 7
        #expect(
            json.text() == #"{"stage":1,"teacher":"big","epoch":2,"update":40,"trainLoss":0.75,"trainAccuracy":0.75,"#
                + #""gradientNorm":3.0,"gradientNormMedian":3.0,"gradientNormMax":4.0,"learningRate":0.001,"#
                + #""skippedUpdates":1,"dataWaitShare":0.25,"loss.kd":2.5,"weightedLoss.kd":0.75,"#
                + #""validationLoss":0.25,"validationAccuracy":0.75,"validationTopFiveAccuracy":0.95,"#
                + #""emaValidationAccuracy":0.8,"emaValidationLoss":0.125,"testAccuracy":0.7,"testLoss":0.5,"#
                + #""imagesPerSecond":1234.6,"seconds":12.346,"peakMemoryMB":7}"#)
        #expect(
            line.text == "[1/2 big]  epoch 2/9  loss 0.7500  train 75.00%  validation 75.00%  EMA 80.00%  "
                + "test 70.00%  1,234 images/s")
    }

    @Test func aPlainEpochSaysNoMoreThanItKnows() {
        var sums = EpochSums()
        (sums.seen, sums.loss, sums.measured) = (2, 1, 1)
        var line = line(.accuracy, sums: sums, end: EpochEnd())
        line.close(EpochEnd(), seconds: 1)
        let names = line.json.objectValue?.map(\.name)
        #expect(
            names == [
                "epoch", "update", "trainLoss", "trainAccuracy", "gradientNorm", "gradientNormMedian",
                "gradientNormMax", "learningRate", "imagesPerSecond", "seconds", "peakMemoryMB",
            ])
        #expect(line.json["imagesPerSecond"] == .null)
        #expect(line.text == "epoch 2/9  loss 0.5000  train 50.00%")
    }

    @Test func ofAnotherMetricTheKeysHaveItsName() {
        var line = line(.meanAbsoluteError)
        line.add(validation: Scores(loss: 0.25, count: 9, [.meanAbsoluteError: 0.5, .largestError: 0.75]))
        line.add(averageValidation: Scores(loss: 0.2, count: 9, [.meanAbsoluteError: 0.4, .largestError: 0.7]))
        line.add(test: Scores(loss: 0.3, count: 9, [.meanAbsoluteError: 0.6, .largestError: 0.8]))
        let names = line.json.objectValue?.map(\.name).filter { $0.hasSuffix("Error") || $0.hasSuffix("Accuracy") }
        #expect(
            names == [
                "trainMeanAbsoluteError", "validationMeanAbsoluteError", "validationLargestError",
                "emaValidationMeanAbsoluteError", "testMeanAbsoluteError",
            ])
        #expect(line.text == "epoch 2/9  loss 0.7500  train 0.7500  validation 0.5000  EMA 0.4000  test 0.6000")
    }

    @Test func withoutATrainingMetricNothingStandsForIt() {
        let line = line(nil)
        let names = line.json.objectValue?.map(\.name).prefix(4)
        #expect(names == ["epoch", "update", "trainLoss", "gradientNorm"])
        #expect(line.text == "epoch 2/9  loss 0.7500")
    }
}

@Suite struct EndingTests {
    private func best(_ metric: Metric, _ value: Double, epoch: Int) -> BestWeights {
        var best = BestWeights(metric)
        best.offer(scores(metric, value), epoch: epoch, ParameterStore(Scope().list, seed: 0))
        return best
    }

    @Test func aRunEndsAfterAsManyEpochsWithoutABetterOne() {
        let stopping = EarlyStopping(patience: 2, before: 0)
        let best = best(.accuracy, 0.9375, epoch: 3)
        #expect(stopping.reason(after: 4, best, .accuracy) == nil)
        #expect(
            stopping.reason(after: 5, best, .accuracy)
                == "no better validation accuracy than 93.75% of epoch 3 for 2 epochs")
        #expect(stopping.reason(after: 9, best, .accuracy) != nil)
        #expect(EarlyStopping(patience: 0, before: 0).reason(after: 99, best, .accuracy) == nil)
        #expect(
            EarlyStopping(patience: 1, before: 0).reason(
                after: 4, self.best(.meanAbsoluteError, 0.5, epoch: 3), .meanAbsoluteError)
                == "no better validation mean absolute error than 0.5000 of epoch 3 for 1 epoch")
    }

    @Test func epochsOfStagesBeforeDoNotCount() {
        let stopping = EarlyStopping(patience: 2, before: 10)
        let best = best(.accuracy, 0.5, epoch: 3)
        #expect(stopping.reason(after: 11, best, .accuracy) == nil)
        #expect(stopping.reason(after: 12, best, .accuracy) != nil)
    }

    @Test func savingIsDueByUpdatesAndByMinutes() throws {
        func saver(_ updates: Int, _ minutes: Double) throws -> PeriodicSave {
            PeriodicSave(
                try recipe(["training.saveEveryUpdates=\(updates)", "training.saveEveryMinutes=\(minutes)"]).training)
        }
        let byUpdates = try saver(3, 0)
        #expect((1...7).filter { byUpdates.isDue($0, now: .infinity) } == [3, 6])
        #expect(try !saver(0, 0).isDue(3, now: .infinity))
        let byMinutes = try saver(0, 2)
        #expect(!byMinutes.isDue(1, now: 0) && byMinutes.isDue(1, now: .infinity))
    }
}

@Suite struct RunProgressTests {
    @Test func itsStateIsReadAgain() throws {
        var progress = RunProgress()
        progress.nextEpoch()
        progress.add(
            loss: 1.0 / 3, measured: 2.5, gradientNorm: 1.0 / 7,
            terms: [.init(name: "kd", raw: 0.1, weighted: 0.2), .init(name: "pkd", raw: 1, weighted: 2)], images: 3)
        progress.skip()
        progress.lastValidation = Measured(value: 0.1, loss: 0.7)
        progress.stoppedEarly = "enough"
        (progress.clock.trainingSeconds, progress.clock.evaluationSeconds) = (1.5, 0.25)
        let again = try #require(RunProgress(try JSONValue(parsing: progress.json.text())))
        #expect(again == progress)
        #expect(again.epoch == 1 && again.batch == 2 && again.update == 2 && again.sums.seen == 3)
        #expect(again.sums.skipped == 1 && again.skippedInARow == 1 && again.clock.seconds == 1.75)
        let empty = try #require(RunProgress(try JSONValue(parsing: RunProgress().json.text())))
        #expect(empty == RunProgress())
    }

    /// What the program wrote before tasks had metrics of their own; the best of the run was in it, too.
    private let earlier = """
        {"epoch":1,"batch":2,"update":22,"seen":128,"correct":96,"lossSum":64.5,"gradientNormSum":3.5,
        "gradientNorms":[1.5,2.0],"terms":{"kd":[2.0,1.0]},"bestEpoch":1,"bestAccuracy":0.875,"bestLoss":0.5,
        "stoppedEarly":null,"imagesTrained":1408,"trainingSeconds":1.5,"evaluationSeconds":0.5,"skipped":0,
        "skippedInARow":0,"lastValidationAccuracy":0.875,"lastValidationLoss":0.5}
        """

    @Test func aStateOfAnEarlierVersionIsRead() throws {
        let json = try JSONValue(parsing: earlier)
        let progress = try #require(RunProgress(json))
        #expect(progress.sums.measured == 96 && progress.sums.meanMeasured == 0.75)
        #expect(progress.lastValidation == Measured(value: 0.875, loss: 0.5))
        #expect(progress.sums.terms == [.init(name: "kd", raw: 2, weighted: 1)])
        #expect(BestWeights(json, .accuracy, store: nil)?.scores == Measured(value: 0.875, loss: 0.5))
        // Of the two names the one of today holds.
        var both = json
        both["measured"] = 64.0
        #expect(RunProgress(both)?.sums.measured == 64)
    }

    @Test(arguments: ["epoch", "batch", "update", "seen", "correct", "lossSum", "gradientNormSum", "imagesTrained"])
    func withoutOneOfItsNumbersItIsRefused(name: String) throws {
        var json = try JSONValue(parsing: earlier)
        json[name] = nil
        #expect(RunProgress(json) == nil)
        json[name] = "3"
        #expect(RunProgress(json) == nil)
    }

    @Test func updatesAddUpAndAnEpochBeginsAnew() {
        var progress = RunProgress()
        let term = TaskLoss.Term(name: "kd", raw: 1, weighted: 0.5)
        progress.skip()
        progress.skip()
        #expect(progress.skippedInARow == 2 && progress.sums.meanLoss == 0 && progress.sums.medianGradientNorm == 0)
        for (norm, images) in [(3.0, 2), (1.0, 2), (8.0, 4)] {
            progress.add(loss: norm, measured: 1, gradientNorm: norm, terms: [term], images: images)
        }
        #expect(progress.skippedInARow == 0 && progress.sums.skipped == 2)
        #expect(progress.update == 5 && progress.batch == 5 && progress.clock.imagesTrained == 8)
        #expect(progress.sums.meanLoss == 5 && progress.sums.meanMeasured == 0.375)
        #expect(progress.sums.meanGradientNorm == 4 && progress.sums.medianGradientNorm == 3)
        #expect(progress.sums.terms == [.init(name: "kd", raw: 8, weighted: 4)])
        progress.nextEpoch()
        #expect(progress.epoch == 1 && progress.batch == 0 && progress.update == 5 && progress.sums == EpochSums())
        #expect(progress.clock.imagesTrained == 8)
    }
}
