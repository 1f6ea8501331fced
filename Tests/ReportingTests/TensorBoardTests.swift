import Foundation
import JSON
import Reporting
import Testing

@Test func theChecksumIsTheSpecifiedOne() {
    // The check value of CRC-32C's definition, and RFC 3720's 32 zeros.
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
}

@Test func eventFilesHoldEveryMetricOnce() throws {
    let folder = try RunFolder()
    try folder.fill()
    let bytes = TensorBoardExport.file(try folder.record)
    let events = try EventReader.read(bytes)
    #expect(events.first?.version == "brain.Event:2")
    #expect(events.first?.time == 1_700_000_000)
    let losses = events.filter { $0.scalars["loss/train"] != nil }
    #expect(losses.map(\.step) == [10, 20, 30, 40, 50, 60])
    let (values, times) = ((1...6).map { Float(2 / Double($0)) }, (1...6).map { Double(1_700_000_000 + $0) })
    #expect(losses.map { $0.scalars["loss/train"] } == values)
    #expect(losses.map(\.time) == times)
    for tag in [
        "accuracy/validation", "learningRate", "gradientNorm/median", "gradientNorm/max", "speed/imagesPerSecond",
    ] {
        #expect(events.filter { $0.scalars[tag] != nil }.count == 6, "\(tag)")
    }
    let histograms = events.compactMap { $0.histograms["weights/stages.0"] }
    #expect(histograms.count == 6)
    #expect(histograms[0].limits == [0, 1, 2, 3] && histograms[0].buckets == [1, 4, 2, 1])
    #expect(histograms[0].low == -1 && histograms[0].count == 8)
    let images = events.reduce(into: Set<String>()) { $0.formUnion($1.images.keys) }
    #expect(images == ["images/augmented", "images/confusion", "kernels/stages.0.0.dwconv.weight"])
    let confusion = try #require(events.compactMap { $0.images["images/confusion"] }.first)
    #expect(confusion.width == 2 && confusion.channels == 3 && confusion.png.starts(with: [0x89, 0x50, 0x4E, 0x47]))

    var damaged = bytes
    damaged[bytes.count / 2] ^= 4
    #expect(throws: (any Error).self) { try EventReader.read(damaged) }
}

@Test func eventFilesTellTheConfigurationAsTextAndAsHyperparameters() throws {
    let folder = try RunFolder()
    try folder.fill()
    try folder.write("config.yaml", "optimizer:\n  learningRate: 0.01\n")
    let events = try EventReader.read(TensorBoardExport.file(try folder.record))
    #expect(events.compactMap { $0.texts["configuration"] } == ["    optimizer:\n      learningRate: 0.01\n    "])
    let start = try #require(events.compactMap { $0.plugins["_hparams_/session_start_info"] }.first)
    #expect(start.name == "hparams")
    let keys = try EventReader.hyperparameters(start.content)
    let record = try folder.record
    let expected = (record.run?["configuration"]?.arrayValue ?? []).filter {
        $0["isDefault"]?.boolValue == false || $0["path"]?.stringValue == "run.seed"
    }.compactMap { $0["path"]?.stringValue }
    #expect(!expected.isEmpty && keys.keys.sorted() == expected.sorted(), "keys at their defaults are left out")
    // Field 4 of the experiment in tensorboard/plugins/hparams/api.proto holds the keys, field 5 the measures.
    let experiment = try #require(events.compactMap { $0.plugins["_hparams_/experiment"] }.first)
    let (infos, measures) = try EventReader.experiment(experiment.content)
    #expect(infos.sorted() == expected.sorted(), "the session has the keys of the experiment")
    #expect(measures == ["accuracy/validation", "accuracy/test", "loss/validation", "loss/train"])
    let ends = try events.compactMap { $0.plugins["_hparams_/session_end_info"] }.map {
        try EventReader.status($0.content)
    }
    #expect(ends == (record.summary == nil ? [] : [1]), "a finished run is STATUS_SUCCESS, 1")
}

@Test func missingAndUndefinedMetricsLeaveGaps() throws {
    let folder = try RunFolder()
    try folder.write(
        "metrics.jsonl",
        "{\"epoch\":1,\"update\":5,\"trainLoss\":null}\n{\"epoch\":2,\"update\":10,\"trainLoss\":1}\n{\"epo")
    let events = try EventReader.read(TensorBoardExport.file(try folder.record))
    #expect(events.filter { $0.scalars["loss/train"] != nil }.map(\.step) == [10])
    #expect(events.filter { $0.scalars["epoch"] != nil }.map(\.step) == [5, 10])
}

@Test func timeRunsOnThroughTheStagesOfADistillation() {
    var clock = EventClock(start: 100)
    let lines: [JSONValue] = [
        ["stage": 1, "seconds": 2], ["stage": 1, "seconds": 5], ["stage": 2, "seconds": 1], ["stage": 3, "seconds": 4],
    ]
    #expect(lines.map { clock.time(of: $0) } == [102, 105, 106, 110])
}

@Test func histogramsCountWhatIsFinite() throws {
    let values: [Float] = [-1, -1, 0, 0.5, 1, .nan, .infinity]
    let histogram = values.withUnsafeBufferPointer { Histogram([$0], bins: 4) }
    #expect(histogram.bins == [2, 0, 1, 2] && histogram.low == -1 && histogram.high == 1 && histogram.count == 5)
    #expect(histogram.limits == [-0.5, 0, 0.5, 1])
    #expect(abs(histogram.mean + 0.1) < 1e-12 && abs(histogram.meanSquare - 0.65) < 1e-12)
    #expect(histogram.quantile(0) == -1 && histogram.quantile(0.2) == -0.75 && histogram.quantile(1) == 1)
    #expect(Histogram(histogram.json) == histogram)
    let empty = Histogram([])
    #expect(empty.count == 0 && empty.quantile(0.5) == 0)
}
