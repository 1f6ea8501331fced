import Checkpoints
import Foundation
import JSON
import Tasks
import Training

/// Where the files of predictions go, each under the name of its image.
final class PredictionFolder {
    let path: String
    /// How many files were written.
    private(set) var count = 0
    /// Entries of a list over all images, and how many images there were.
    private var results: [String] = []
    private var images = 0
    /// Which image a name was taken by: images of one name from several folders must not overwrite each other.
    private var taken: [String: Int] = [:]

    /// Makes the folder.
    /// - Throws: one sentence when it cannot be made.
    init(_ path: String) throws {
        self.path = path
        try Self.make(path)
    }

    private static func make(_ path: String) throws {
        do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
            throw RecipeError("\(path): the folder cannot be made, expected a place where one may be written")
        }
    }

    /// Writes the files of a prediction.
    /// - Returns: their paths.
    func write(_ prediction: Prediction) throws -> [String] {
        images += 1
        for members in prediction.results {
            let place: [JSONValue.Member] = [
                .init("image_id", .integer(images)), .init("image", .string(prediction.image)),
            ]
            results.append(JSONValue.object(place + members).text())
        }
        guard !prediction.files.isEmpty else { return [] }
        let last = prediction.image.split(separator: "/").last.map(String.init) ?? prediction.image
        var name = last.lastIndex(of: ".").map { String(last[..<$0]) } ?? last
        if name.isEmpty { name = last == "-" ? "image" : last }
        let before = taken[name, default: 0]
        taken[name] = before + 1
        if before > 0 { name += "-\(before + 1)" }
        return try prediction.files.map { file in
            let folder = file.folder.isEmpty ? path : path + "/" + file.folder
            try Self.make(folder)
            let target = folder + "/" + name + file.ending
            try AtomicFile.write(target, file.bytes)
            count += 1
            return target
        }
    }

    /// Writes the list over all images, where there is one.
    func finish() throws {
        guard !results.isEmpty else { return }
        try AtomicFile.write(path + "/detections.json", "[\n" + results.joined(separator: ",\n") + "\n]\n")
        count += 1
    }
}
