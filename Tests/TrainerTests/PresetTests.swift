import Foundation
import Testing

extension Program {
    /// The configurations for one's own photographs, on a dozen of them.
    @Suite struct Presets {
        private let place: Workplace

        init() throws {
            place = try Workplace()
            for (label, name) in ["cat", "dog"].enumerated() {
                for index in 0..<6 {
                    try PNG.write(
                        "\(place.path)/photos/\(name)/\(index).png", width: 40 + 9 * index, height: 70 - 7 * index,
                        .rgba,
                        label: label, index: index)
                }
            }
        }

        /// As a phone, a mouse and a download leave it.
        @Test func aFolderWithStrayAndBrokenFilesTrainsByItsPathAlone() throws {
            try place.write("photos/cat/broken.jpg", [UInt8]())
            try place.write("photos/.DS_Store", "x")
            try place.write("photos/dog/._0.png", "x")
            try place.write("photos/README.txt", "where these come from")
            try place.write("photos/dog/labels.csv", "a,b\n")
            let preset = Workplace.configurations + "/photos.yaml"
            let run = try place.run("train \(preset) \(options) --output run")
            #expect(run.code == 0, "\(run.errors)")
            #expect(run.errors.contains("left out: photos/cat/broken.jpg: the file is empty"), "\(run.errors)")
            #expect(run.errors.contains("left out, no images: 1 .csv, 1 .txt"), "\(run.errors)")
            #expect(run.errors.contains("fewer than training.batchSize"), "\(run.errors)")
        }

        private var options: String {
            "--set data.path=photos --set training.epochs=2 --set data.imageSize=[32,32]"
        }

        @Test func photosTrainOnADozenImagesAndTheRunStartsAnother() throws {
            let preset = Workplace.configurations + "/photos.yaml"
            let first = try place.run("train \(preset) \(options) --output first")
            #expect(first.code == 0, "\(first.errors)")
            #expect(first.output.contains("2 classes"))
            let second = try place.run(
                "train \(preset) \(options) --output second --set model.weights=first/weights/best.safetensors")
            #expect(second.code == 0, "\(second.errors)")
            // The same classes, so nothing is drawn anew.
            #expect(!second.errors.contains("drawn anew"))
        }

        @Test func fineTuningTakesWeightsForOtherClassesAndFreezesTheBody() throws {
            let preset = Workplace.configurations + "/finetune.yaml"
            #expect(try place.run("export resnet18 --safetensors start.safetensors").code == 0)
            let run = try place.run(
                ["train", preset, "--output", "tuned", "--set", "model.weights=start.safetensors"]
                    + options.split(separator: " ").map(String.init)
                    + ["--set", "training.epochs=1", "--set", "optimizer.freeze=[conv1.*, bn1.*, layer*]"])
            #expect(run.code == 0, "\(run.errors)")
            #expect(run.errors.contains("drawn anew for 2"), "\(run.errors)")
            let before = try place.data("start.safetensors")
            let after = try place.data("tuned/weights/last.safetensors")
            // The last convolution is the one it started with, byte for byte; the head is not.
            let kernel = before[before.count / 2..<before.count / 2 + 4096]
            #expect(after.range(of: kernel) != nil)
        }
    }
}
