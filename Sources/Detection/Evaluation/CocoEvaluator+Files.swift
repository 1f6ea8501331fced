import Datasets
import Tensors

extension CocoEvaluator {
    /// Compares a results file with what is in the images.
    ///
    /// Detections of categories that the annotations do not have are passed over, as the reference does.
    /// - Parameter truths: read with masks where masks are compared, as are the results.
    /// - Throws: `DatasetError` for a detection of an image that is not among the annotations, for one that lacks what is
    ///   compared, and for a mask of another size than its image.
    public init(
        _ truths: CocoTruths, _ results: CocoResults, kind: Kind = .boxes, followsReference: Bool = false
    ) throws {
        self.init(classes: truths.categories.count, kind: kind, followsReference: followsReference)
        for image in truths.images { _ = store.slot(of: image) }
        store.truths = truths.objects
        try add(results, truths)
    }

    private mutating func add(_ results: CocoResults, _ truths: CocoTruths) throws(DatasetError) {
        let columns = results.columns
        let labels = Dictionary(uniqueKeysWithValues: truths.categories.enumerated().map { ($1.identifier, Int32($0)) })
        var answers = AnswerColumns()
        answers.reserve(columns.image.count, masks: kind == .masks)
        // Detections of an image follow each other as a rule.
        var (image, slot): (Int64?, Int32) = (nil, 0)
        for index in columns.image.indices {
            if columns.image[index] != image {
                guard let known = store.known(columns.image[index]) else {
                    throw DatasetError(
                        results.path,
                        "detection \(index + 1) is of the image \(columns.image[index]), which is not in \(truths.path)"
                    )
                }
                (image, slot) = (columns.image[index], known)
            }
            guard let label = labels[columns.category[index]] else { continue }
            let mask = columns.mask[index]
            if let mask, kind == .masks || !columns.hasBox[index], mask.size != truths.sizes[Int(slot)],
                truths.sizes[Int(slot)] != Pair(0, 0)
            {
                throw DatasetError(
                    results.path,
                    "detection \(index + 1) has a mask of \(mask.size) pixels, but its image \(columns.image[index]) has \(truths.sizes[Int(slot)])"
                )
            }
            guard kind == .boxes || mask != nil else {
                throw DatasetError(
                    results.path, "detection \(index + 1) has no segmentation, without which masks cannot be measured")
            }
            answers.image.append(slot)
            answers.classIndex.append(label)
            answers.score.append(columns.score[index])
            let box = columns.hasBox[index] ? columns.box[index] : mask?.box.placed ?? .zero
            answers.box.append(box)
            let usesMask = kind == .masks || !columns.hasBox[index]
            answers.area.append(usesMask ? Double(mask?.area ?? 0) : box[2] * box[3])
            if kind == .masks { answers.mask.append(mask) }
        }
        store.answers = answers
    }
}

extension AnswerColumns {
    mutating func reserve(_ count: Int, masks: Bool) {
        image.reserveCapacity(count)
        classIndex.reserveCapacity(count)
        score.reserveCapacity(count)
        box.reserveCapacity(count)
        area.reserveCapacity(count)
        if masks { mask.reserveCapacity(count) }
    }
}
