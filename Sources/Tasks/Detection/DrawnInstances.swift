import Datasets
import Reporting
import Tensors

// Objects of data as pictures show them.
extension Instances {
    /// Each object in the color of its class, crowds dotted and gray, on a picture of another size.
    /// - Parameters:
    ///   - names: of the classes; empty leaves names out.
    ///   - size: of the picture; nil takes the image's own.
    package func drawn(_ names: [String], on size: Pair? = nil) -> [DrawnObject] {
        let (x, y) =
            size.map {
                (Double($0.width) / Double(self.size.width), Double($0.height) / Double(self.size.height))
            } ?? (1, 1)
        return items.map { item in
            let object = item.drawn(names, self.size).scaled(x: x, y: y)
            return item.isCrowd ? object.judged(.ignored) : object
        }
    }
}

extension Instance {
    /// - Parameters:
    ///   - names: of the classes.
    ///   - size: of the image.
    package func drawn(_ names: [String], _ size: Pair) -> DrawnObject {
        DrawnObject(
            box: .init(box), name: names.indices.contains(classIndex) ? names[classIndex] : "",
            color: ObjectPalette.color(classIndex), mask: drawnMask(size))
    }

    /// Of the mask, or else of the outlines; nil where there is neither.
    package func drawnMask(_ size: Pair) -> DrawnMask? {
        if let runs { return DrawnMask(runs) }
        if let mask {
            let covered = mask.labels.map { $0 != 0 && $0 != mask.ignored }
            guard covered.contains(true) else { return nil }
            return DrawnMask(width: size.width, height: size.height, covered: covered)
        }
        return DrawnMask(
            outlines: polygons.map { $0.corners.flatMap { [$0.x, $0.y] } }, width: size.width, height: size.height)
    }
}

extension DrawnObject.Box {
    package init(_ box: Datasets.Box) {
        self.init(left: box.left, top: box.top, right: box.right, bottom: box.bottom)
    }
}
