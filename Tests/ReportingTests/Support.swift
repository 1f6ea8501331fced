import Foundation
import JSON
import Reporting

/// A run folder that goes with the value.
final class RunFolder {
    let path: String

    init(_ name: String = "run") throws {
        path = NSTemporaryDirectory() + "hornbeam-\(UUID().uuidString)/" + name
        try FileManager.default.createDirectory(atPath: path + "/report", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: URL(fileURLWithPath: path).deletingLastPathComponent()) }

    var record: RunRecord { get throws { try RunRecord(folder: path) } }

    func write(_ name: String, _ text: String) throws {
        try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    }

    func write(_ name: String, _ value: JSONValue) throws { try write(name, value.text()) }

    func write(_ name: String, lines: [JSONValue]) throws {
        try write(name, lines.map { $0.text() + "\n" }.joined())
    }

    func json(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: String(contentsOfFile: path + "/" + name, encoding: .utf8))
    }

    /// A finished run of six epochs with everything a report can show.
    func fill(
        classNames: [String] = ["cat", "dog"], rate: String = "0.001", seed: Int = 0, data: String = "pets",
        validation: Double = 0.9, test: Double? = 0.75, validationImages: Int = 4, testImages: Int? = 8
    ) throws {
        try write("metrics.jsonl", lines: (1...6).map(Self.epoch))
        try write(
            "report/histograms.jsonl",
            lines: (1...6).map { epoch in
                let histogram: JSONValue = [
                    "low": -1, "high": 3, "mean": 0.5, "meanSquare": 2, "bins": [1, 4, 2, 1],
                ]
                return [
                    "epoch": .integer(epoch), "update": .integer(10 * epoch),
                    "groups": [["name": "stages.0", "weights": histogram, "gradients": histogram]],
                ]
            })
        try write(
            "summary.json",
            [
                "testAccuracy": test.map { .number($0) } ?? .null, "testLoss": test.map { _ in 0.6 } ?? .null,
                "bestEpoch": 5, "bestValidationAccuracy": .number(validation), "epochs": 6, "seconds": 6.5,
            ])
        let image: JSONValue = ["width": 2, "height": 1, "channels": 1, "pixels": .string(base64([0, 255]))]
        var mistake = image
        mistake["name"] = "images/7.png"
        mistake["actual"] = 0
        mistake["predicted"] = 1
        mistake["confidence"] = 0.97
        mistake["actualProbability"] = 0.02
        try write(
            "report/result.json",
            [
                "epoch": 6, "count": 8, "classes": 2, "confusion": [[0, 0, 3], [0, 1, 2], [1, 1, 3]],
                "mistakes": [mistake],
                "filters": [
                    [
                        "name": "stages.0.0.dwconv.weight", "kind": "kernel", "total": 2, "rows": 2, "columns": 2,
                        "low": -0.5, "high": 0.5, "pixels": .string(base64([0, 255, 128, 128, 1, 2, 3, 4])),
                    ]
                ],
            ])
        try write(
            "report/samples.json",
            [
                "width": 2, "height": 1, "channels": 1,
                "images": [
                    [
                        "label": 1, "name": "a.png", "original": .string(base64([9, 9])),
                        "variants": [.string(base64([1, 2]))],
                    ]
                ],
            ])
        func entry(_ path: String, _ value: String, _ origin: String) -> JSONValue {
            [
                "path": .string(path), "value": .string(value), "origin": .string(origin),
                "isDefault": .bool(origin == "default"), "default": "1", "summary": "What it is for",
            ]
        }
        try write(
            "report/run.json",
            [
                "kind": "training", "command": "trainer train a.yaml", "startSeconds": 1_700_000_000, "epochs": 6,
                "machine": ["processor": "A processor", "cores": 2, "threads": 2],
                "classNames": .array(classNames.map { .string($0) }),
                "data": [
                    "path": .string(data), "training": 20, "validation": .integer(validationImages),
                    "test": testImages.map { .integer($0) } ?? .null, "height": 1, "width": 2, "channels": 1,
                ],
                "model": [
                    "name": "hornet", "parameters": 1234, "multiplyAdds": 5678,
                    "tree": [
                        "name": "HorNet", "kind": "", "output": [1, 2], "parameters": 1234, "multiplyAdds": 5678,
                        "parts": [],
                    ],
                ],
                "configuration": [
                    entry("optimizer.learningRate", rate, "--set optimizer.learningRate=\(rate)"),
                    entry("training.epochs", "6", "a.yaml:3:1"),
                    entry("run.seed", "\(seed)", seed == 0 ? "default" : "--set run.seed=\(seed)"),
                    entry("data.path", data, "a.yaml:4:1"),
                ],
            ])
    }

    static func epoch(_ number: Int) -> JSONValue {
        [
            "epoch": .integer(number), "update": .integer(10 * number), "trainLoss": .number(2 / Double(number)),
            "trainAccuracy": .number(0.1 * Double(number)), "validationLoss": .number(1 / Double(number)),
            "validationAccuracy": .number(0.15 * Double(number)), "learningRate": .number(0.001),
            "gradientNorm": 1.5, "gradientNormMedian": 1.25, "gradientNormMax": 3, "imagesPerSecond": 1000,
            "seconds": .number(Double(number)),
        ]
    }
}

func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
