import Foundation
import JSON
import Reporting

/// What a run of a segmentation leaves: three classes, the last of which occurs nowhere.
extension RunFolder {
    static let meanIoU = Metric("meanIoU", title: "mIoU")
    private static let maskMetrics = [
        meanIoU, Metric("pixelAccuracy", title: "pixel accuracy"), Metric("meanDice", title: "mean Dice (pooled)"),
        Metric("imageDice", title: "mean Dice (per image)"),
    ]

    /// A picture of 3 x 2 pixels whose parts are of one gray each.
    static func picture(_ name: String, index: Int = 0, score: Double? = 0.5, first: UInt8 = 10) -> JSONValue {
        func part(_ value: UInt8) -> JSONValue { .string(base64([UInt8](repeating: value, count: 18))) }
        return [
            "name": .string(name), "index": .integer(index), "meanIoU": score.map { .number($0) } ?? .null, "width": 3,
            "height": 2, "channels": 3, "pixels": part(first), "truth": part(first + 30), "answer": part(first + 60),
            "errors": part(first + 90),
        ]
    }

    static func maskClass(
        _ name: String, pixels: Int, iou: Double?, color: JSONValue = [128, 0, 64]
    ) -> JSONValue {
        let value: JSONValue = iou.map { .number($0) } ?? .null
        return [
            "class": .string(name), "pixels": .integer(pixels), "predicted": .integer(pixels), "iou": value,
            "dice": value, "accuracy": value, "precision": .null, "color": color,
        ]
    }

    private static func maskEpoch(_ epoch: Int) -> JSONValue {
        let number = Double(epoch)
        return [
            "epoch": .integer(epoch), "update": .integer(10 * epoch), "trainLoss": .number(2 / number),
            "trainPixelAccuracy": .number(0.1 * number), "validationLoss": .number(1 / number),
            "validationMeanIoU": .number(0.1 * number), "validationPixelAccuracy": .number(0.15 * number),
            "learningRate": 0.001, "seconds": .number(number),
        ]
    }

    /// - Parameter most: pixels of the first class.
    func fillMasks(seed: Int = 0, rate: String = "0.001", iou: Double = 0.625, most: Int = 5_000_000_000) throws {
        let names = ["road", "<car>", "moon"]
        try fill(classNames: names, rate: rate, seed: seed, data: "scenes")
        var run = try json("report/run.json")
        run["metrics"] = .array(Self.maskMetrics.map(\.json))
        try write("report/run.json", run)
        try write(
            "summary.json",
            [
                "metric": Self.meanIoU.json, "testMeanIoU": .number(iou), "testLoss": 0.6, "bestEpoch": 4,
                "bestValidationMeanIoU": 0.7, "bestTestMeanIoU": 0.65, "epochs": 6, "seconds": 6.5,
            ])
        try write(
            "metrics.jsonl",
            lines: (1...6).map(Self.maskEpoch))
        try write(
            "report/result.json",
            [
                "epoch": 6, "part": "test", "count": 8, "task": "segmentation", "classes": 3, "background": 0,
                "meanIoU": .number(iou), "pixelAccuracy": 0.75, "meanDice": 0.71, "imageDice": 0.68,
                "confusion": [[0, 0, .integer(most)], [0, 1, 1_000_000_000], [1, 1, 3_000_000], [1, 0, 1_000_000]],
                "perClass": [
                    Self.maskClass("road", pixels: most + 1_000_000_000, iou: 0.8),
                    Self.maskClass("<car>", pixels: 4_000_000, iou: 0.45), Self.maskClass("moon", pixels: 0, iou: nil),
                ],
                "worst": [Self.picture("w\"1.png", index: 1, score: 0.125)],
                "best": [Self.picture("b1.png", index: 2, score: 0.95), Self.picture("b2.png", index: 3, score: nil)],
                "filters": [],
            ])
        let image: JSONValue = .string(base64([UInt8](repeating: 7, count: 18)))
        try write(
            "report/samples.json",
            [
                "task": "segmentation", "width": 3, "height": 2, "channels": 3,
                "images": [
                    ["name": "t.png", "classes": ["road", "<car>"], "original": image, "variants": [image, image]]
                ],
            ])
        for epoch in [2, 4, 6] {
            try snapshot(epoch, images: [Self.picture("a.png", index: 9), Self.picture("c.png")])
        }
    }

    func snapshot(_ epoch: Int, images: [JSONValue]) throws {
        try write("report/snapshot-\(epoch).json", ["epoch": .integer(epoch), "images": .array(images)])
    }
}
