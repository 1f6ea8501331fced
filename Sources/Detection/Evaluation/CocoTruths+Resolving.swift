import Datasets
import JSON
import Tensors

extension CocoTruths {
    /// Looks up what ids stand for and reads masks.
    mutating func resolve(
        _ raw: RawTruths, _ bytes: UnsafeBufferPointer<UInt8>, masks: Bool
    ) throws(DatasetError) {
        categories = raw.categories.sorted { $0.identifier < $1.identifier }
        guard !categories.isEmpty else { throw DatasetError(path, "there are no categories") }
        for (one, next) in zip(categories, categories.dropFirst()) where one.identifier == next.identifier {
            throw DatasetError(path, "the category id \(one.identifier) stands for both \(one.name) and \(next.name)")
        }
        let labels = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($1.identifier, $0) })
        images = raw.images.map(\.identifier)
        sizes = raw.images.map(\.size)
        let places = try places(of: images, "image")
        // Ids of annotations may be missing, but two of a kind are a mistake.
        _ = try self.places(of: raw.objects.compactMap(\.identifier), "annotation")
        let drawn = try drawn(raw, bytes, places, all: masks)
        var withoutArea = 0
        for (index, object) in raw.objects.enumerated() {
            let name = Self.name(object, index)
            guard let place = places[object.image] else {
                throw DatasetError(path, "\(name) is of the image \(object.image), which is not in the file")
            }
            guard let label = labels[object.category] else {
                throw DatasetError(
                    path,
                    "\(name) is of the category \(object.category), which is none of the file's, "
                        + categories.prefix(8).map { String($0.identifier) }.joined(separator: ", ")
                        + (categories.count > 8 ? ", ..." : ""))
            }
            let mask = drawn[index]
            guard let box = object.box ?? mask?.box.placed else {
                throw DatasetError(path, "\(name) has no bbox, expected x, y, width and height")
            }
            if object.area == nil { withoutArea += 1 }
            objects.add(
                TrueObject(
                    classIndex: label, box: Box(box),
                    area: object.area ?? mask.map { Double($0.area) } ?? box[2] * box[3], isCrowd: object.isCrowd,
                    mask: masks ? mask : nil, identifier: object.identifier ?? -1), Int32(place), box: box)
        }
        if withoutArea > 0 {
            notices.append(
                "\(path): \(withoutArea) annotations have no area; that of their masks is taken, or else that of their boxes."
            )
        }
    }

    static func name(_ object: RawTruths.Object, _ index: Int) -> String {
        object.identifier.map { "the annotation \($0)" } ?? "annotation \(index + 1) of the list"
    }

    /// Where each id stands; two of a kind are an error.
    private func places(of identifiers: [Int64], _ kind: String) throws(DatasetError) -> [Int64: Int] {
        var places: [Int64: Int] = [:]
        places.reserveCapacity(identifiers.count)
        var twice: [Int64] = []
        for (place, identifier) in identifiers.enumerated() {
            if places.updateValue(place, forKey: identifier) != nil, twice.count < 5 { twice.append(identifier) }
        }
        guard twice.isEmpty else {
            throw DatasetError(
                path, "the \(kind) id \(twice.map(String.init).joined(separator: ", ")) stands there more than once")
        }
        return places
    }

    /// The mask of each annotation, or of those whose box or area it must tell, drawn over all threads.
    private func drawn(
        _ raw: RawTruths, _ bytes: UnsafeBufferPointer<UInt8>, _ places: [Int64: Int], all: Bool
    ) throws(DatasetError) -> [RunLengthMask?] {
        let count = raw.objects.count
        var masks = [RunLengthMask?](repeating: nil, count: count)
        var problems = [DatasetError?](repeating: nil, count: count)
        let sizes = sizes
        let path = path
        masks.withUnsafeMutableBufferPointer { masks in
            problems.withUnsafeMutableBufferPointer { problems in
                // Each chunk writes its own elements.
                nonisolated(unsafe) let (masks, problems, bytes) = (masks, problems, bytes)
                let step = 64
                ThreadPool.current.run(chunks: (count + step - 1) / step) { chunk in
                    for index in chunk * step..<min(count, (chunk + 1) * step) {
                        let object = raw.objects[index]
                        let isWanted = object.segmentation != nil && (object.area == nil || object.box == nil)
                        guard all || isWanted, let place = places[object.image] else { continue }
                        do throws(DatasetError) {
                            masks[index] = try Self.draw(object, index, sizes[place], bytes, path)
                            if all, masks[index] == nil { masks[index] = RunLengthMask(empty: sizes[place]) }
                        } catch { problems[index] = error }
                    }
                }
            }
        }
        if let first = problems.compactMap({ $0 }).first { throw first }
        return masks
    }

    private static func draw(
        _ object: RawTruths.Object, _ index: Int, _ size: Pair, _ bytes: UnsafeBufferPointer<UInt8>, _ path: String
    ) throws(DatasetError) -> RunLengthMask? {
        let name = name(object, index)
        do throws(RunLengthError) { try RunLengthMask.check(size) } catch {
            throw DatasetError(path, "the image \(object.image) of \(name) has no usable size: \(error)")
        }
        guard let segmentation = object.segmentation else {
            throw DatasetError(path, "\(name) has no segmentation, without which masks cannot be measured")
        }
        var scanner = JSONByteScanner(bytes, from: segmentation)
        let found: SegmentationReader.Found
        do throws(JSONError) { found = try SegmentationReader.read(&scanner) } catch {
            throw DatasetError(path, "\(name): \(error)")
        }
        switch found {
        case .nothing: return nil
        case .polygons(let polygons): return RunLengthMask(filling: polygons, size: size)
        case .runs(let runs):
            guard runs.size == size else {
                throw DatasetError(
                    path,
                    "\(name) has a mask of \(runs.size) pixels, but its image \(object.image) is said to have \(size)")
            }
            return runs
        }
    }
}
