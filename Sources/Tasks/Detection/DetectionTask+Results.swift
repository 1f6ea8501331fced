import Detection
import JSON

// Answers as COCO's results files have them.
extension DetectionTask {
    /// Yes.
    public var writesResults: Bool { true }

    /// A list of all answers, with the ids of images and categories in the files that the data was read from.
    public func writeResults(
        _ findings: DetectionFindings, masks: Bool, _ write: (_ text: String) throws -> Void
    ) throws {
        var separator = "[\n"
        for answer in findings.answers {
            for object in answer.objects {
                var members = object.result(categories: settings.categories)
                // A box beside a mask would tell other programs of its size in the mask's stead.
                members.removeAll { $0.name == (masks ? "bbox" : "segmentation") }
                let entry = JSONValue.object([.init("image_id", .integer(Int(answer.identifier)))] + members)
                try write(separator + entry.text())
                separator = ",\n"
            }
        }
        try write(separator == "[\n" ? "[]\n" : "\n]\n")
    }
}
