import Checkpoints
import Foundation
import Layers
import Models
import Tasks
import Testing
import Training

/// Weights of detectors whose settings do not belong to their model.
@Suite struct DetectorWeightsTests {
    private let folder: TemporaryFolder
    private var path: String { folder.path + "/w.safetensors" }

    init() throws { folder = try TemporaryFolder() }

    private func weights(_ head: String, task: String = "detection") throws -> SafetensorsFile {
        let text = """
            task: \(task)
            data: {imageSize: [64, 64]}
            model: {name: resnet, baseWidth: 2, depths: [1, 1, 1, 1], classes: 2, inputChannels: 3}
            head: \(head)
            neck: {channels: 8}
            """
        let recipe = try recipe([], text)
        try Weights(fresh: recipe.outline, vocabulary: recipe.task.vocabulary(recipe.outline)).write(path)
        return try SafetensorsFile.read(path: path)
    }

    private static let retinaNet = "{kind: retinanet, convolutions: 1}"

    private func message(_ file: SafetensorsFile, _ key: String, _ old: String, _ new: String) throws -> String {
        var file = file
        let text = try #require(file.metadata["hornbeam." + key])
        #expect(text.contains(old), "\(text)")
        file.metadata["hornbeam." + key] = text.replacing(old, with: new)
        try file.write(path: path)
        do {
            _ = try Weights.read(path)
            return "none"
        } catch { return "\(error)" }
    }

    @Test(arguments: [
        "{kind: retinanet, convolutions: 1}", "{kind: reppoints, convolutions: 1}", "{kind: fasterRcnn, boxWidth: 8}",
    ])
    func whatWasWrittenIsRead(head: String) throws {
        _ = try weights(head)
        #expect(try Weights.read(path).metadata.vocabulary.task == "detection")
    }

    @Test func firstValuesOfAConfigurationAreOfItsTask() throws {
        func fresh(_ text: String) throws -> WeightsMetadata {
            try Weights(fresh: recipe([], text)).write(path)
            return try Weights.read(path).metadata
        }
        let detector = try fresh(
            """
            task: instances
            data: {path: scenes}
            model: {name: resnet, baseWidth: 2, depths: [1, 1, 1, 1]}
            head: {kind: maskRcnn, boxWidth: 8, maskConvolutions: 0}
            neck: {channels: 8}
            evaluation: {objects: 7}
            """)
        #expect(detector.vocabulary.task == "instances")
        // Ten digits, no background.
        #expect(detector.classNames.count == 10)
        #expect(detector.vocabulary.settings["evaluation"]?["objects"]?.integerValue == 7)
        // Nothing of an image is cut off.
        #expect("\(detector.transform.evaluation)".contains("corner"), "\(detector.transform.evaluation)")
        let segmenter = try fresh("task: segmentation\ndata: {path: scenes}\nmodel: {name: resnet18, baseWidth: 4}")
        #expect(segmenter.vocabulary.task == "segmentation" && segmenter.classNames.count == 11)
        // As it always was.
        let text = "data: {imageSize: [8, 8]}\nmodel: {name: resnet20, classes: 3, inputChannels: 1}"
        _ = try fresh(text)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try Weights(fresh: recipe([], text).outline).write(path)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    }

    @Test func classesOfDetectorsAreThoseOfTheirDataOrOfCoco() throws {
        func classes(_ data: String) throws -> (Int, [String]) {
            let outline = try recipe([], "task: detection\ndata: {\(data)}\nmodel: {name: resnet18}").outline
            return (outline.specification.classes, outline.notices)
        }
        #expect(try classes("path: scenes").0 == 10)
        let (assumed, notices) = try classes("path: cells, imageSize: [64, 64]")
        #expect(assumed == 80 && notices.contains { $0.contains("80 are assumed (model.classes)") })
    }

    @Test func settingsOfAnotherModelAreToldApart() throws {
        let file = try weights(Self.retinaNet)
        for (old, new, expected) in [
            (#""classes":2"#, #""classes":3"#, "head is missing or out of range"),
            ("mmdetection", "torchvision", "settings are of the head retinanet (torchvision) for 2 classes"),
            (#""scale":4"#, #""scale":5"#, "settings are of another head retinanet (mmdetection)"),
            (#""strides":[8,"#, #""strides":[4,"#, "maps of strides [4, 16, 32, 64, 128], but their model has [8, 16"),
            (#""overlap":0.5"#, #""overlap":5"#, "evaluation is missing or out of range"),
            (#""strides":["#, #""strides":[1,"#, "strides"),
            (#""categories":[]"#, #""categories":[1]"#, "categories is missing or out of range"),
        ] {
            let found = try message(file, "settings", old, new)
            #expect(found.hasPrefix(path) && found.contains(expected), "\(new): \(found)")
        }
        #expect(try message(file, "settings", "{", "[{").contains("cannot be read"))
    }

    @Test func aDetectorOfTheWrongKindIsNamed() throws {
        let file = try weights(Self.retinaNet)
        var other = file
        other.metadata["hornbeam.settings"] = try weights("{kind: reppoints, convolutions: 1}").metadata[
            "hornbeam.settings"]
        try other.write(path: path)
        do {
            _ = try Weights.read(path)
            Issue.record("the weights were read")
        } catch { #expect("\(error)".contains("are of the head reppoints"), "\(error)") }
        #expect(try message(file, "task", "detection", "instances").contains("says nothing of masks"))
    }

    @Test func aClassifierCannotBeReadAsADetector() throws {
        var file = try weights(Self.retinaNet)
        let recipe = try recipe(
            [], "data: {imageSize: [64, 64]}\nmodel: {name: resnet20, classes: 2, inputChannels: 3}\n")
        let settings = file.metadata["hornbeam.settings"]
        try Weights(fresh: recipe.outline).write(path)
        file = try SafetensorsFile.read(path: path)
        file.metadata["hornbeam.task"] = "detection"
        file.metadata["hornbeam.settings"] = settings
        try file.write(path: path)
        do {
            _ = try Weights.read(path)
            Issue.record("the weights were read")
        } catch { #expect("\(error)".contains("no head that finds objects"), "\(error)") }
    }
}
