import Tensors

/// A file or folder that lists the images of a part and their objects, of whatever format.
protocol ObjectSource: Sendable {
    /// Of all images, in their order.
    var entries: [ObjectEntry] { get }
    /// The classes that objects count in.
    var classes: DetectionCategories { get }
    /// The classes of which there are objects.
    var usedClasses: Set<Int> { get }
    /// The objects of image `index` in its pixels, as the file has them.
    /// - Parameters:
    ///   - size: of the image that the objects are drawn in.
    ///   - withOutlines: whether polygons and run lengths are asked for, too.
    func objects(_ index: Int, size: Pair, withOutlines: Bool) throws -> [Instance]
}

/// An image of which objects are listed.
struct ObjectEntry: Sendable {
    let identifier: Int64
    /// The path of its file.
    let image: String
    /// What lists it, for messages.
    let list: String
    /// Its size by that list; nil where that is not said.
    let size: Pair?
}
