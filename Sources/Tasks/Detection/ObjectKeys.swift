import Configuration
import Datasets

/// The keys of `data` that say what files of objects mean.
package struct ObjectKeys: Sendable {
    /// The classes that count, and parts for cross-validation.
    package var folders = FolderKeys()
    /// Where the files lie.
    package var files = DetectionDataOptions.Files()
    /// What becomes of objects in training.
    package var training = DetectionDataOptions.Training()

    init() {}

    init(_ reader: ConfigurationReader) {
        folders = FolderKeys(reader)
        readFiles(reader)
        training.keepsEmpty = reader.bool(
            "keepEmpty", default: true, "Learn from images without objects, too; they are measured in any case")
        training.smallestSide = reader.int(
            "smallestSide", default: 1, in: 1...8192, "Images with a shorter side are not learnt from (mmdetection: 32)"
        )
        training.leastVisible = reader.double(
            "leastVisible", default: 0, in: 0...1,
            "Objects of whose box a random crop leaves a smaller share than this are not learnt")
        training.needsCenters = reader.bool(
            "needCenters", default: false, "Learn objects only where the center of their box is left by a random crop")
        training.tightensBoxes = reader.bool(
            "tightBoxes", default: false, "Draw boxes again around what is left of an object's mask")
    }

    private mutating func readFiles(_ reader: ConfigurationReader) {
        files.images = reader.optionalString(
            "images", "The folder that file names of COCO files count from, below data.path; looked for when absent")
        let annotations = "annotations of the %: a COCO file below data.path; looked for when absent"
        func place(_ key: String, _ part: String) -> String? {
            reader.optionalString(key, "The " + annotations.replacing("%", with: part))
        }
        files.train = place("trainAnnotations", "training part")
        files.validation = place("validationAnnotations", "validation part")
        files.test = place("testAnnotations", "test part")
        files.oneBased = reader.choice(
            "oneBased", default: .automatic,
            "Whether corners of Pascal VOC files count from 1: true (as theirs do), false, or auto (true, unless one is 0)"
        )
    }

    /// What the readers are told.
    func options(_ request: DataRequest, masks: Bool) -> DetectionDataOptions {
        var options = DetectionDataOptions(path: request.path)
        folders.fill(&options, request)
        options.files = files
        options.training = training
        options.needsMasks = masks
        return options
    }
}
