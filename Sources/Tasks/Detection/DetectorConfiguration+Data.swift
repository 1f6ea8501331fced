import Datasets
import JSON
import Tensors

// What the data of detectors is: groups and counts of images, and made-up ones.
extension DetectorConfiguration {
    /// Without a background.
    public static func classes(of data: EmbeddedData) -> Int {
        data == .scenes ? DigitScene.digitNames.count : data.classes
    }

    /// Those of COCO.
    public static var usualClasses: Int? { 80 }

    /// By the rarest class that an image has, counted in images; those without objects are a group of their own.
    public static func groups(_ dataset: any AnnotatedDataset<LocatedInstances>) throws -> [Int] {
        let counts = try counts(dataset)
        return try (0..<dataset.count).map { index in
            let classes = Set(try dataset.annotation(index).original.items.filter { !$0.isCrowd }.map(\.classIndex))
            return classes.min { (counts[$0], $0) < (counts[$1], $1) } ?? counts.count
        }
    }

    /// How many objects of each class there are; crowds are not counted.
    public static func counts(_ dataset: any AnnotatedDataset<LocatedInstances>) throws -> [Int] {
        var counts = [Int](repeating: 0, count: dataset.classNames.count)
        for index in 0..<dataset.count {
            for item in try dataset.annotation(index).original.items
            where !item.isCrowd && counts.indices.contains(item.classIndex) { counts[item.classIndex] += 1 }
        }
        return counts
    }

    /// Objects without crowds are counted.
    public static var countsObjects: Bool { true }

    /// A few rectangles of random classes.
    public static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> LocatedInstances {
        let items = (0..<4).map { _ -> Instance in
            let (x, y) = (random.uniform(0, 0.6) * Double(width), random.uniform(0, 0.6) * Double(height))
            let (w, h) = (random.uniform(0.15, 0.4) * Double(width), random.uniform(0.15, 0.4) * Double(height))
            let box = Box(left: x, top: y, right: x + w, bottom: y + h)
            return Instance(
                box: box, classIndex: random.integer(below: max(1, vocabulary.classNames.count)),
                polygons: [Polygon(box.corners)])
        }
        let size = Pair(height, width)
        return LocatedInstances(identifier: 0, original: Instances(size: size, items: items)).moved(
            by: .identity(size))
    }

    /// The objects, each class with its number.
    public static func caption(_ annotation: LocatedInstances, _ classNames: [String]) -> String {
        var counts: [Int: Int] = [:]
        for item in annotation.original.items where !item.isCrowd { counts[item.classIndex, default: 0] += 1 }
        return counts.sorted { $0.key < $1.key }.map { index, count in
            let name = classNames.indices.contains(index) ? classNames[index] : "\(index)"
            return count == 1 ? name : "\(count) \(name)"
        }.joined(separator: ", ")
    }

    /// Yes: nothing of an image is cut off.
    public static var evaluatesWholeImages: Bool { true }

    /// Yes: an object beyond the edge would be missed.
    public static var fitsWholeImages: Bool { true }

    /// COCO annotations.
    public static func annotationFile(
        of dataset: any AnnotatedDataset<LocatedInstances>, files: [String]
    ) throws -> JSONValue? {
        var export = CocoExport(names: dataset.classNames, identifiers: DetectionCategories(of: dataset).identifiers)
        for (index, file) in files.enumerated() { export.add(file, try dataset.annotation(index).original) }
        return export.json
    }
}
