import Tensors

/// A COCO file of instances: everything but outlines is held in memory, and those are read again when they are asked for.
final class CocoFile: Sendable {
    let path: String
    let images: [CocoImage]
    /// Sorted by their ids.
    let categories: [CocoCategory]
    /// In the order of the file, with indices for ids.
    let records: [CocoRecord]
    /// What a user should be told.
    let notices: [String]
    /// The places of the records in the order of their images, and where each image's begin.
    private let order: [Int32]
    private let starts: [Int32]
    private let file: InputFile

    init(_ path: String) throws {
        self.path = path
        file = try InputFile(path)
        let reader = try CocoReader(file)
        guard reader.records.count < Int(Int32.max), reader.images.count < Int(Int32.max) else {
            throw DatasetError(path, "the file has more than \(Int32.max) entries")
        }
        images = reader.images
        let imageIndices = try Self.imageIndices(images, path)
        var records = reader.records
        try Self.checkIdentifiers(records, path) { image in imageIndices[image].map { reader.images[$0].name } }
        let all = try Self.sorted(reader.categories, path)
        let used = Set(records.map(\.category))
        // Roboflow adds a class that stands for the whole project, of which there are no objects.
        let kept = all.filter { category in
            used.contains(category.identifier)
                || !all.contains { $0.parent == category.name && $0.name != category.name }
        }
        categories = kept.isEmpty ? all : kept
        let dropped = Set(all.map(\.name)).subtracting(categories.map(\.name))
        try Self.checkNames(categories, path)
        let labels = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($1.identifier, Int64($0)) })
        for index in records.indices {
            let record = records[index]
            guard let image = imageIndices[record.image] else {
                throw DatasetError(
                    path,
                    "annotation \(record.identifier) is of image \(record.image), which is none of the \(images.count) images"
                )
            }
            guard let label = labels[record.category] else {
                throw DatasetError(
                    path,
                    "annotation \(record.identifier) is of category \(record.category), which is none of "
                        + listed(categories.map { "\($0.identifier) (\($0.name))" }, most: 10))
            }
            (records[index].image, records[index].category) = (Int64(image), label)
        }
        for (place, size) in reader.runs {
            let record = records[Int(place)]
            let image = images[Int(record.image)]
            guard image.width > 0, image.height > 0, size != Pair(Int(image.height), Int(image.width)) else { continue }
            throw DatasetError(
                path,
                "annotation \(record.identifier) has run lengths of \(size) pixels (height x width), but its image "
                    + "\(FileName.shown(image.name)) has \(image.height)x\(image.width)")
        }
        (order, starts) = Self.grouped(records, images: images.count)
        self.records = records
        try Self.checkScale(records, path)
        notices = Self.notices(reader, records, categories, images: images, dropped: dropped.sorted(), path)
    }

    /// The places of the records of an image, in the order of the file.
    func places(_ image: Int) -> ArraySlice<Int32> { order[Int(starts[image])..<Int(starts[image + 1])] }

    /// The objects of an image, their classes by the position of their category. Boxes that are no numbers are left out.
    /// - Parameter withOutlines: whether polygons and run lengths are read, too.
    func objects(_ image: Int, size: Pair, withOutlines: Bool) throws -> [Instance] {
        try places(image).compactMap { place in
            let record = records[Int(place)]
            guard record.isFinite else { return nil }
            var instance = Instance(
                box: record.bounds, classIndex: Int(record.category), isCrowd: record.isCrowd,
                area: record.area.isNaN ? record.box.z * record.box.w : record.area, identifier: record.identifier,
                isIgnored: record.isIgnored)
            // Where no area is given it is that of the outline.
            guard record.outline.kind != .none, withOutlines || record.area.isNaN else { return instance }
            try read(record, into: &instance)
            if record.area.isNaN, let covered = instance.covered(in: size) { instance.area = Double(covered.area) }
            if !withOutlines { (instance.polygons, instance.runs) = ([], nil) }
            return instance
        }
    }

    /// Adds the outline.
    private func read(_ record: CocoRecord, into instance: inout Instance) throws {
        let outline = record.outline
        let changed = DatasetError(path, "the file was changed while it was in use (annotation \(record.identifier))")
        let bytes = try file.bytes(at: outline.offset, count: Int(outline.length))
        var stream = JSONStream(bytes, path: path, at: outline.offset)
        do {
            if outline.kind == .polygons {
                instance.polygons = try Self.polygons(&stream)
            } else {
                guard let mask = try StoredRuns(&stream).mask else { throw changed }
                instance.runs = mask
            }
        } catch { throw changed }
    }

    private static func polygons(_ stream: inout JSONStream) throws -> [Polygon] {
        var polygons: [Polygon] = []
        try stream.array { stream in
            var values: [Double] = []
            try stream.array { stream in values.append(try stream.number()) }
            guard values.count >= 6, values.count % 2 == 0, values.allSatisfy(\.isFinite) else { return }
            polygons.append(
                Polygon(stride(from: 0, to: values.count, by: 2).map { Point(values[$0], values[$0 + 1]) }))
        }
        return polygons
    }

    private static func grouped(_ records: [CocoRecord], images: Int) -> (order: [Int32], starts: [Int32]) {
        var starts = [Int32](repeating: 0, count: images + 1)
        for record in records { starts[Int(record.image) + 1] += 1 }
        for image in 0..<images { starts[image + 1] += starts[image] }
        var next = starts
        var order = [Int32](repeating: 0, count: records.count)
        for (place, record) in records.enumerated() {
            order[Int(next[Int(record.image)])] = Int32(place)
            next[Int(record.image)] += 1
        }
        return (order, starts)
    }
}
