import Reporting
import Testing

private let whole = ProgressReport(
    epoch: 3, epochs: 30, step: 7, steps: 45, loss: 0.43124, measure: (.accuracy, 0.8713), imagesPerSecond: 5119.6,
    learningRate: 0.0012, timeLeft: 72)

@Test func theProgressLineTellsEverything() {
    #expect(
        ProgressLine.text(whole)
            == "epoch 3/30  step  7/45  loss 0.4312  accuracy 87.1%  5,120 images/s  lr 1.2e-3  left 1m 12s")
    #expect(ProgressLine.text(ProgressReport(epoch: 1, epochs: 2, step: 0, steps: 9)) == "epoch 1/2  step 0/9")
}

@Test func aNarrowTerminalShortensLabelsBeforeItLosesParts() {
    #expect(
        ProgressLine.text(whole, width: 78)
            == "epoch 3/30   7/45  loss 0.4312  acc 87.1%  5,120 img/s  lr 1.2e-3  left 1m 12s")
    #expect(
        ProgressLine.text(whole, width: 77)
            == "epoch 3/30  loss 0.4312  acc 87.1%  5,120 img/s  lr 1.2e-3  left 1m 12s")
    #expect(ProgressLine.text(whole, width: 40) == "epoch 3/30  loss 0.4312  left 1m 12s")
    #expect(ProgressLine.text(whole, width: 8) == "epoch 3…")
    for width in 0..<110 { #expect(TextWidth.columns(ProgressLine.text(whole, width: width)) <= width) }
}

@Test func oddFiguresStayReadable() {
    var progress = ProgressReport(epoch: 1, epochs: 1, step: 1, steps: 1, loss: .nan, imagesPerSecond: 0.53)
    #expect(ProgressLine.text(progress).contains("nan  0.5 images/s"))
    progress.loss = 1.25e9
    progress.imagesPerSecond = .infinity
    #expect(ProgressLine.text(progress).contains("loss 1.250e9  ? images/s"))
}

@Test func theRateFollowsTheLastSeconds() throws {
    var meter = RateMeter(at: 100, memory: 5)
    #expect(meter.perSecond == nil)
    for step in 1...4 { meter.add(50, at: 100 + Double(step) * 0.5) }
    // Counting starts with no things done at the start, so the first figures are a little high.
    #expect(abs(try #require(meter.perSecond) - 100) < 6)
    for step in 1...200 { meter.add(10, at: 102 + Double(step) * 0.5) }
    #expect(abs(try #require(meter.perSecond) - 20) < 1.1)
    #expect(abs(try #require(meter.timeLeft(for: 200)) - 10) < 0.6)
    let before = try #require(meter.perSecond)
    meter.pause(until: 1000)
    #expect(meter.perSecond == before)
    meter.add(0, at: 999)
    #expect(meter.perSecond == before)
}

@Test func theClockGoesOnAndMemoryIsMeasured() {
    let start = MonotonicClock.seconds()
    #expect(MonotonicClock.seconds() >= start)
    let megabytes = Memory.peakMegabytes()
    #expect(megabytes > 1 && megabytes < 1e6)
}
