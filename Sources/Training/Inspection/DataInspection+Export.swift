import Checkpoints
import Datasets
import Foundation
import Reporting
import Tasks

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

    /// Writes all images and what is said of them as PNG files, PART/images/00000.png and PART/labels/00000.png, and the
    /// names of the classes.
    /// - Returns: how many files were written.
    /// - Throws: `RecipeError` for a task whose annotations are no pictures, or when a file cannot be written.
    package func export(to folder: String) throws -> Int {
        var count = 0
        func make(_ path: String) throws {
            do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
                throw RecipeError("\(path): the folder cannot be made, expected a place where one may be written")
            }
        }
        for (part, dataset) in datasets {
            for index in 0..<dataset.count {
                guard let picture = C.picture(of: try dataset.annotation(index)) else {
                    throw RecipeError("the task \(C.name) says nothing of images that could be kept as pictures")
                }
                if index == 0 { for name in ["images", "labels"] { try make("\(folder)/\(part)/\(name)") } }
                let digits = String(index)
                let name = String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".png"
                try AtomicFile.write("\(folder)/\(part)/images/\(name)", try dataset.image(index).encodedAsPNG())
                try AtomicFile.write("\(folder)/\(part)/labels/\(name)", try picture.encodedAsPNG())
                count += 2
            }
        }
        let names = classNames.enumerated().map { "\($0) \($1)\n" }.joined() + "255 ignore\n"
        try AtomicFile.write("\(folder)/classes.txt", names)
        return count
    }
}
