import Checkpoints
import Datasets
import Foundation
import Reporting
import Tasks

/// What was written of a data set.
package struct ExportedData: Sendable, Equatable {
    package internal(set) var images = 0
    package internal(set) var masks = 0
    /// Files of COCO annotations.
    package internal(set) var lists = 0

    /// `200 images and 2 COCO files of their objects`.
    package var words: String {
        let others =
            lists > 0
            ? "\(lists) COCO \(lists == 1 ? "file" : "files") of their objects" : "\(NumberText.grouped(masks)) masks"
        return "\(NumberText.grouped(images)) images and \(others)"
    }
}

extension DataInspection {
    /// The images of each part with the name of its folder.
    private var datasets: [(folder: String, dataset: any AnnotatedDataset<C.Task.Annotation>)] {
        let found: [(String, (any AnnotatedDataset<C.Task.Annotation>)?)] = [
            ("train", splits.train), ("val", splits.validation), ("test", splits.test),
        ]
        return found.compactMap { name, dataset in dataset.map { (name, $0) } }
    }

    /// What the task has to tell of each part, in the order of the parts.
    /// - Throws: what reading an annotation throws.
    package func details() throws -> [DataDetails?] { try datasets.map { try task.details($0.dataset) } }

    /// Writes all images and what is said of them: as PNG files, PART/images/00000.png and PART/labels/00000.png, and the
    /// names of the classes; or, for a task whose annotations are no pictures, PART/00000.png and
    /// annotations/instances_PART.json.
    /// - Throws: `RecipeError` for a task whose annotations are neither, or when a file cannot be written.
    package func export(to folder: String) throws -> ExportedData {
        var written = ExportedData()
        for (part, dataset) in datasets {
            let names = (0..<dataset.count).map { Self.fileName($0) }
            if let annotations = try C.annotationFile(of: dataset, files: names) {
                try Self.make("\(folder)/\(part)")
                try Self.make("\(folder)/annotations")
                for (index, name) in names.enumerated() {
                    try AtomicFile.write("\(folder)/\(part)/\(name)", try dataset.image(index).encodedAsPNG())
                }
                try AtomicFile.write("\(folder)/annotations/instances_\(part).json", annotations.text() + "\n")
                written.lists += 1
            } else {
                try exportPictures(dataset, names, to: "\(folder)/\(part)")
                written.masks += names.count
            }
            written.images += names.count
        }
        guard !classNames.isEmpty else { return written }
        let names = classNames.enumerated().map { "\($0) \($1)\n" }.joined() + "255 ignore\n"
        try AtomicFile.write("\(folder)/classes.txt", names)
        return written
    }

    private func exportPictures(
        _ dataset: any AnnotatedDataset<C.Task.Annotation>, _ names: [String], to folder: String
    ) throws {
        for (index, name) in names.enumerated() {
            guard let picture = C.picture(of: try dataset.annotation(index)) else {
                throw RecipeError("the task \(C.name) says nothing of images that could be kept as pictures")
            }
            if index == 0 { for name in ["images", "labels"] { try Self.make("\(folder)/\(name)") } }
            try AtomicFile.write("\(folder)/images/\(name)", try dataset.image(index).encodedAsPNG())
            try AtomicFile.write("\(folder)/labels/\(name)", try picture.encodedAsPNG())
        }
    }

    private static func fileName(_ index: Int) -> String {
        let digits = String(index)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".png"
    }

    private static func make(_ path: String) throws {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw RecipeError("\(path): the folder cannot be made, expected a place where one may be written")
        }
    }
}
