// Samples: an image, what is said about it, how that moves with its pixels, and data sets of both.

import Tensors

/// Images that can be read in any order from any thread.
public protocol ImageDataset: Sendable {
    /// How many images there are.
    var count: Int { get }
    /// Whether `image(_:)` costs neither reading nor decoding.
    var isInMemory: Bool { get }
    /// Image `index`, decoded; throws a `DatasetError` that names the file.
    func image(_ index: Int) throws -> Image
    /// The file of image `index`, for messages and reports.
    func name(_ index: Int) -> String
    /// What images with the same content have in common: of the file's bytes, or of the pixels where there is no file.
    func fingerprint(_ index: Int) throws -> ContentHash
    /// An error that reading an image threw, with what else there is to say about it.
    func explained(_ error: DatasetError) -> DatasetError
    /// The size and channels of image `index`, without decoding it where that can be avoided.
    func shape(_ index: Int) throws -> ImageShape
}

extension ImageDataset {
    /// No: images come from files unless a data set says otherwise.
    public var isInMemory: Bool { false }
    /// Of the pixels, which are decoded for it.
    public func fingerprint(_ index: Int) throws -> ContentHash { ContentHash(of: try image(index)) }
    /// The error as it is.
    public func explained(_ error: DatasetError) -> DatasetError { error }

    /// Of the image, which is decoded for it.
    public func shape(_ index: Int) throws -> ImageShape {
        let image = try image(index)
        return ImageShape(width: image.width, height: image.height, channels: image.channels)
    }
}

/// Images each of which has something said about it: a class, a mask, boxes.
public protocol AnnotatedDataset<Annotation>: ImageDataset {
    /// What is said about an image.
    associatedtype Annotation: Datasets.Annotation
    /// The names that annotations count in.
    var classNames: [String] { get }
    /// What is said about image `index`; throws a `DatasetError` that names the file it is read from.
    func annotation(_ index: Int) throws -> Annotation
}

/// Images of one class each.
public typealias LabeledDataset = AnnotatedDataset<ClassLabel>

extension AnnotatedDataset where Annotation == ClassLabel {
    /// The class of image `index`, an index into `classNames`.
    public func label(_ index: Int) throws -> Int { try annotation(index).index }

    /// The class of each image.
    public func labels() throws -> [Int] { try (0..<count).map { try label($0) } }

    /// How many images each class has.
    public func classCounts() throws -> [Int] {
        var counts = [Int](repeating: 0, count: classNames.count)
        for label in try labels() { counts[label] += 1 }
        return counts
    }
}

/// Images held in memory.
public struct InMemoryDataset: AnnotatedDataset {
    /// The names that labels count in.
    public let classNames: [String]
    private let images: [Image]
    private let labels: [Int]
    private let source: String

    /// - Parameter source: the file that the images come from; names are `source[index]`.
    public init(classNames: [String], images: [Image], labels: [Int], source: String) {
        require(
            images.count == labels.count && labels.allSatisfy { classNames.indices.contains($0) }, "InMemoryDataset",
            "\(images.count) images need as many labels (\(labels.count)) in 0..<\(classNames.count)")
        self.classNames = classNames
        self.images = images
        self.labels = labels
        self.source = source
    }

    /// How many images there are.
    public var count: Int { images.count }
    /// Always.
    public var isInMemory: Bool { true }
    /// The class that was handed over with image `index`.
    public func annotation(_ index: Int) -> ClassLabel { ClassLabel(labels[index]) }
    /// Image `index` as it was handed over.
    public func image(_ index: Int) -> Image { images[index] }
    /// The source and the index: `source[index]`.
    public func name(_ index: Int) -> String { "\(source)[\(index)]" }
}

/// Some images of another data set.
public struct SubsetDataset<Annotation: Datasets.Annotation>: AnnotatedDataset {
    let base: any AnnotatedDataset<Annotation>
    /// The images' indices in the other data set.
    public let indices: [Int]

    /// The images of `base` at those indices, in that order.
    public init(_ base: any AnnotatedDataset<Annotation>, indices: [Int]) {
        self.base = base
        self.indices = indices
    }

    /// Those of the other data set, also where some have no image here.
    public var classNames: [String] { base.classNames }
    /// How many images were chosen.
    public var count: Int { indices.count }
    /// As for the other data set.
    public var isInMemory: Bool { base.isInMemory }
    /// What the other data set says about the image.
    public func annotation(_ index: Int) throws -> Annotation { try base.annotation(indices[index]) }
    /// The other data set's image.
    public func image(_ index: Int) throws -> Image { try base.image(indices[index]) }
    /// The other data set's name of the image.
    public func name(_ index: Int) -> String { base.name(indices[index]) }
    /// Of the other data set's image.
    public func fingerprint(_ index: Int) throws -> ContentHash { try base.fingerprint(indices[index]) }
    /// As the other data set explains it.
    public func explained(_ error: DatasetError) -> DatasetError { base.explained(error) }
    /// Of the other data set's image.
    public func shape(_ index: Int) throws -> ImageShape { try base.shape(indices[index]) }
}

/// Another data set in whose stead labels count in other classes: those of a model, say.
package struct RelabeledDataset: AnnotatedDataset {
    private let base: any LabeledDataset
    package let classNames: [String]
    private let labels: [Int]

    /// - Parameters:
    ///   - names: what the data set's own classes are called, in the order of its labels.
    ///   - classNames: the classes to count in.
    /// - Returns: nil when a class that has images is none of them.
    package init?(_ base: any LabeledDataset, names: [String], as classNames: [String]) throws {
        let counts = try base.classCounts()
        let positions = Dictionary(classNames.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
        var labels: [Int] = []
        for (index, name) in names.enumerated() {
            guard let label = positions[name] ?? (counts[index] == 0 ? 0 : nil) else { return nil }
            labels.append(label)
        }
        (self.base, self.classNames, self.labels) = (base, classNames, labels)
    }

    package var count: Int { base.count }
    package var isInMemory: Bool { base.isInMemory }
    package func annotation(_ index: Int) throws -> ClassLabel {
        let own = try base.annotation(index)
        return ClassLabel(labels[own.index], weight: own.weight)
    }
    package func image(_ index: Int) throws -> Image { try base.image(index) }
    package func name(_ index: Int) -> String { base.name(index) }
    package func fingerprint(_ index: Int) throws -> ContentHash { try base.fingerprint(index) }
    package func explained(_ error: DatasetError) -> DatasetError { base.explained(error) }
    package func shape(_ index: Int) throws -> ImageShape { try base.shape(index) }
}
