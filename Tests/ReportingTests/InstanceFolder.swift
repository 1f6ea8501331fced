import Foundation
import JSON
import Reporting

/// What a run of a detector leaves: three classes, the last of which occurs nowhere.
extension RunFolder {
    static let detectorNames = ["cell", "<dust>", "moon"]

    static func instancePicture(_ name: String, index: Int = 0, wrong: Int = 1) throws -> InstancePicture {
        guard let image = ObjectPicture([UInt8](repeating: 90, count: 60 * 40 * 3), width: 60, height: 40) else {
            throw ReportError("no picture")
        }
        let mask = DrawnMask(x: 6, y: 6, width: 2, height: 2, covered: [true, false, true, true])
        return InstancePicture(
            name: name, index: index, image: image,
            truth: [
                InstanceObject(
                    box: .init(left: 5, top: 5, right: 20, bottom: 20), classIndex: 0, isRight: true, mask: mask),
                InstanceObject(box: .init(left: 30, top: 5, right: 50.25, bottom: 30), classIndex: 1, isRight: false),
                InstanceObject(box: .init(left: 0, top: 30, right: 60, bottom: 40), classIndex: 0, isCrowd: true),
            ],
            answer: [
                InstanceObject(
                    box: .init(left: 6, top: 5, right: 21, bottom: 20), classIndex: 0, score: 0.9375, isRight: true),
                InstanceObject(
                    box: .init(left: 25, top: 22, right: 40, bottom: 28), classIndex: 1, score: 0.5, isRight: false),
            ], found: 1, wrong: wrong, missed: 1)
    }

    static func instanceClass(_ name: String, objects: Int, average: Double?) -> InstanceClass {
        InstanceClass(
            name: name, objects: objects, images: objects / 2, predictions: 3 * objects,
            averages: [average, average.map { $0 * 1.5 }, average, nil, average, nil], averageRecall: average,
            precision: average, recall: average, f1: average, threshold: average.map { _ in 0.35 })
    }

    static func instanceRecord(
        _ average: Double = 0.4, masks: Bool = true, objects: Int = 1200
    ) throws -> InstanceRecord {
        let classes = [
            instanceClass("cell", objects: objects, average: average),
            instanceClass("<dust>", objects: 40, average: 0.2), instanceClass("moon", objects: 0, average: nil),
        ]
        let measures = InstanceMeasures(
            stats: [average, 0.6, 0.45, 0.1, 0.5, -1, 0.2, 0.4, 0.5, 0.2, 0.6, -1], classes: classes)
        let recalls = (0...10).map { Double($0) / 10 }
        func falling(_ name: String) -> InstanceCurve { InstanceCurve(name, recalls.reversed()) }
        return InstanceRecord(
            classes: detectorNames, boxes: measures, masks: masks ? measures : nil,
            thresholds: InstanceThresholds(overlap: 0.5, best: 0.4, predict: 0.4), sizes: [300, 900, 40],
            curves: InstanceCurves(
                recalls: recalls, precision: [falling("all"), falling("cell"), falling("<dust>")], scores: recalls,
                precisionAt: [InstanceCurve("all", recalls.map { $0 == 1 ? nil : $0 })], recallAt: [falling("all")],
                f1: [falling("all"), falling("cell"), falling("<dust>")]),
            confusion: InstanceConfusion(
                cells: [
                    .init(truth: 0, answer: 0, count: 900), .init(truth: 0, answer: 1, count: 50),
                    .init(truth: 0, answer: 3, count: 250), .init(truth: 1, answer: 1, count: 40),
                    .init(truth: 3, answer: 0, count: 70),
                ], score: 0.4, overlap: 0.45),
            images: [.init(name: "w\"1.png", index: 1, objects: 9, found: 3, missed: 6, wrong: 4)],
            worst: [try instancePicture("w\"1.png", index: 1)],
            best: [try instancePicture("b1.png", index: 2), try instancePicture("b2.png", index: 3, wrong: 0)])
    }

    func fillInstances(
        _ record: InstanceRecord? = nil, seed: Int = 0, rate: String = "0.001", task: String = "instances"
    ) throws {
        let metrics = [Metric("AP", title: "AP"), Metric("AP50", title: "AP50")]
        try fill(classNames: Self.detectorNames, rate: rate, seed: seed, data: "scenes")
        var run = try json("report/run.json")
        run["metrics"] = .array(metrics.map(\.json))
        try write("report/run.json", run)
        try write(
            "summary.json",
            [
                "metric": metrics[0].json, "testAP": 0.4, "testLoss": 0.6, "bestEpoch": 4, "bestValidationAP": 0.42,
                "bestTestAP": 0.41, "epochs": 6, "seconds": 6.5,
            ])
        try write(
            "metrics.jsonl",
            lines: (1...6).map { epoch in
                let number = Double(epoch)
                return [
                    "epoch": .integer(epoch), "update": .integer(10 * epoch), "trainLoss": .number(2 / number),
                    "loss.class": .number(1.5 / number), "loss.box": .number(0.5 / number),
                    "weightedLoss.class": .number(1.5 / number), "weightedLoss.box": .number(0.5 / number),
                    "validationLoss": .number(1 / number), "validationAP": .number(0.07 * number),
                    "validationAP50": .number(0.1 * number),
                    "learningRate": 0.001, "seconds": .number(number),
                ]
            })
        let members: [JSONValue.Member] = [.init("epoch", 6), .init("part", "test"), .init("count", 8)]
        try write(
            "report/result.json",
            .object(members + (try record ?? Self.instanceRecord()).members(task: task) + [.init("filters", [])]))
        let image: JSONValue = .string(base64([UInt8](repeating: 7, count: 18)))
        try write(
            "report/samples.json",
            [
                "task": .string(task), "width": 3, "height": 2, "channels": 3,
                "images": [["name": "t.png", "classes": ["cell"], "original": image, "variants": [image, image]]],
            ])
        for epoch in [2, 4, 6] {
            try snapshot(
                epoch,
                images: [
                    try Self.instancePicture("a.png", index: 9, wrong: 7 - epoch).json,
                    try Self.instancePicture("c.png").json,
                ])
        }
    }
}
