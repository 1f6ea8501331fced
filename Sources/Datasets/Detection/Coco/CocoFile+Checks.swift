import Tensors

// What is an error in a COCO file, and what a user is told.
extension CocoFile {
    /// The index of each image id.
    static func imageIndices(_ images: [CocoImage], _ path: String) throws -> [Int64: Int] {
        guard !images.isEmpty else { throw DatasetError(path, "the list images is empty") }
        var indices = [Int64: Int](minimumCapacity: images.count)
        var twice: [Int64] = []
        for (index, image) in images.enumerated() where indices.updateValue(index, forKey: image.identifier) != nil {
            twice.append(image.identifier)
        }
        guard let first = twice.first else { return indices }
        let names = images.filter { $0.identifier == first }.prefix(2).map(\.name)
        throw DatasetError(
            path,
            "\(counted(twice.count, "image id is", "image ids are")) there more than once: \(listed(twice.map(String.init))) "
                + "(image \(first) is \(listed(names))), expected a different id for each image")
    }

    /// No two annotations may have one id.
    static func checkIdentifiers(
        _ records: [CocoRecord], _ path: String, name: (Int64) -> String?
    ) throws {
        let sorted = records.map(\.identifier).sorted()
        var twice: [Int64] = []
        for (one, next) in zip(sorted, sorted.dropFirst()) where one == next && twice.last != one { twice.append(one) }
        guard let first = twice.first else { return }
        let places = records.filter { $0.identifier == first }.prefix(2).map { record in
            "image \(record.image)" + (name(record.image).map { " (\(FileName.shown($0)))" } ?? "")
        }
        throw DatasetError(
            path,
            "\(counted(twice.count, "annotation id is", "annotation ids are")) there more than once: "
                + "\(listed(twice.map(String.init))) (annotation \(first) is of \(places.joined(separator: " and of "))), "
                + "expected a different id for each annotation")
    }

    /// By their ids, which must differ.
    static func sorted(_ categories: [CocoCategory], _ path: String) throws -> [CocoCategory] {
        guard !categories.isEmpty else { throw DatasetError(path, "the list categories is empty") }
        let sorted = categories.sorted { $0.identifier < $1.identifier }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.identifier == next.identifier {
            throw DatasetError(
                path, "category \(one.identifier) is there twice (\(one.name), \(next.name)), expected different ids")
        }
        return sorted
    }

    static func checkNames(_ categories: [CocoCategory], _ path: String) throws {
        var seen: [String: Int64] = [:]
        for category in categories {
            guard let other = seen.updateValue(category.identifier, forKey: category.name) else { continue }
            throw DatasetError(
                path,
                "the categories \(other) and \(category.identifier) are both named \(category.name), expected different names"
            )
        }
    }

    /// Boxes must be in pixels.
    static func checkScale(_ records: [CocoRecord], _ path: String) throws {
        let boxes = records.lazy.filter { $0.isFinite && $0.box.z > 0 && $0.box.w > 0 }
        guard let first = boxes.first else { return }
        func isSmall(_ record: CocoRecord) -> Bool {
            let bounds = record.bounds
            return min(bounds.left, bounds.top) >= 0 && max(bounds.right, bounds.bottom) <= 1
        }
        guard boxes.allSatisfy(isSmall) else { return }
        throw DatasetError(
            path,
            "every bbox lies between 0 and 1 (annotation \(first.identifier) is one), as if it was divided by the image's "
                + "sides, expected pixels")
    }

    static func notices(
        _ reader: CocoReader, _ records: [CocoRecord], _ categories: [CocoCategory], images: [CocoImage],
        dropped: [String], _ path: String
    ) -> [String] {
        var notices: [String] = []
        if !dropped.isEmpty {
            notices.append(
                "\(path): \(listed(dropped)) stands for other categories and has no objects, so it is no class")
        }
        let identifiers = categories.map(\.identifier)
        if identifiers != (1...Int64(max(1, categories.count))).map({ $0 }) {
            let shown = categories.enumerated().map { "\($1.identifier) (\($1.name)) is \($0)" }
            notices.append("\(path): of the category ids, \(listed(shown, most: 12))")
        }
        var (crowds, counts) = (
            [Int](repeating: 0, count: categories.count), [Int](repeating: 0, count: categories.count)
        )
        var (degenerate, infinite, outside, missing) = (CocoCount(), CocoCount(), CocoCount(), CocoCount())
        for record in records {
            counts[Int(record.category)] += 1
            if record.isCrowd { crowds[Int(record.category)] += 1 }
            if record.area.isNaN { missing.add(record.identifier) }
            if !record.isFinite {
                infinite.add(record.identifier)
            } else if record.box.z <= 0 || record.box.w <= 0 {
                degenerate.add(record.identifier)
            } else {
                let image = images[Int(record.image)]
                let (right, bottom) = (record.bounds.right - 1, record.bounds.bottom - 1)
                if image.width > 0, image.height > 0, right > Double(image.width) || bottom > Double(image.height) {
                    outside.add(record.identifier)
                }
            }
        }
        if degenerate.count > 0 {
            notices.append(
                "\(path): \(degenerate.shown) \(degenerate.count == 1 ? "has a box" : "have boxes") without a width or height, "
                    + "which training leaves out")
        }
        if infinite.count > 0 {
            notices.append("\(path): \(infinite.shown) left out, whose bbox holds no finite numbers")
        }
        if 2 * outside.count > records.count {
            notices.append(
                "\(path): more than half of the boxes (\(outside.shown)) reach beyond their images; is bbox [x1, y1, x2, y2] "
                    + "there? expected [x, y, width, height]")
        }
        if missing.count > 0 {
            notices.append(
                "\(path): \(missing.shown) without an area, which is taken from the mask or else from the box")
        }
        if reader.shortParts.count > 0 {
            notices.append(
                "\(path): \(reader.shortParts.shown) with polygons of fewer than three corners, which are left out"
                    + (reader.lostOutlines.count > 0
                        ? "; nothing is left of \(reader.lostOutlines.count), which \(reader.lostOutlines.count == 1 ? "keeps its box" : "keep their boxes") without a mask"
                        : ""))
        }
        for (label, category) in categories.enumerated() where 2 * crowds[label] > counts[label] {
            notices.append(
                "\(path): \(crowds[label]) of \(counts[label]) objects of \(category.name) are crowds (iscrowd 1), which are "
                    + "not learned; converters mark run lengths so by mistake")
        }
        return notices
    }
}
