extension CocoTruths {
    /// All objects in the order of the file, each with the id of its image; `classIndex` counts in `categories`.
    public var allObjects: [(image: Int64, object: TrueObject)] {
        objects.box.indices.map { index in
            let object = TrueObject(
                classIndex: Int(objects.classIndex[index]), box: .init(objects.box[index]), area: objects.area[index],
                isCrowd: objects.isCrowd[index], mask: objects.mask[index], identifier: objects.identifier[index])
            return (images[Int(objects.image[index])], object)
        }
    }

    /// Whether an annotation has the id 0, which the reference takes for "not found".
    package var hasZero: Bool { objects.identifier.contains(0) }
}
