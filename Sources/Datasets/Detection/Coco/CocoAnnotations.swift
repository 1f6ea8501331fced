import Tensors

/// A file of COCO instances by itself, without the images, read in bounded memory as training reads it: what cannot be learnt
/// from is an error. `CocoTruths` of module Detection holds everything at once, takes what its format allows, and is what
/// results are compared with.
public struct CocoAnnotations: Sendable {
    private let file: CocoFile
    /// The classes, in the order of their ids.
    public let categories: DetectionCategories

    /// Reads the file at `path`; nothing is filtered.
    /// - Throws: `DatasetError` that names the file, and the annotation where one is at fault.
    public init(_ path: String) throws {
        file = try CocoFile(path)
        categories = DetectionCategories(
            names: file.categories.map(\.name), identifiers: file.categories.map(\.identifier))
    }

    /// How many images the file lists.
    public var count: Int { file.images.count }
    /// What a user should be told of the file, one sentence each.
    public var notices: [String] { sentences(file.notices) }
    /// The file name of image `index`.
    public func name(_ index: Int) -> String { file.images[index].name }

    /// The id, size and objects of image `index`; `classIndex` counts in `categories`.
    /// - Parameter withOutlines: whether polygons and run lengths are read, too.
    /// - Throws: `DatasetError` where an outline needs the image's size and the file does not say it.
    public func annotation(_ index: Int, withOutlines: Bool = true) throws -> LocatedInstances {
        let image = file.images[index]
        let objects = file.places(index).lazy.map { file.records[Int($0)] }
        let needsSize = objects.contains { $0.outline.kind == .polygons && (withOutlines || $0.area.isNaN) }
        if needsSize, image.width == 0 || image.height == 0 {
            throw DatasetError(
                file.path, "image \(image.identifier) has no width and height, which its polygons need, expected pixels"
            )
        }
        let said = Pair(max(1, Int(image.height)), max(1, Int(image.width)))
        let items = try file.objects(index, size: said, withOutlines: withOutlines)
        // Without a size of the image, that of its run lengths is as good.
        let size = items.lazy.compactMap { $0.runs?.size }.first ?? said
        if let other = items.first(where: { ($0.runs?.size ?? size) != size }), let found = other.runs?.size {
            throw DatasetError(
                file.path,
                "annotation \(other.identifier ?? 0) has run lengths of \(found) pixels (height x width), others of image "
                    + "\(image.identifier) of \(size)")
        }
        return LocatedInstances(identifier: image.identifier, original: Instances(size: size, items: items))
    }
}
