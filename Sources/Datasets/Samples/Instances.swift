import Tensors

/// One object in an image.
public struct Instance: Sendable, Equatable {
    /// Where it is.
    public var box: Box
    /// What it is, an index into the data set's class names.
    public var classIndex: Int
    /// Whether it is a group of objects that are not told apart, which a detector is neither asked for nor blamed for.
    public var isCrowd: Bool
    /// What it covers in square pixels: of its mask where there is one, else of its box.
    public var area: Double
    /// Its outlines; several where parts of it are hidden from each other's side. It is their union.
    public var polygons: [Polygon]
    /// The pixels it covers, as a label map of the whole image.
    public var mask: Mask?
    /// The pixels it covers, as COCO's files have them.
    public var runs: RunLengthMask?
    /// Its id in the file that it was read from; nil where files give none.
    public var identifier: Int64?
    /// Whether the file says that it is difficult or to be ignored: nothing is learnt from it, and the numbers of Pascal
    /// VOC pass over it; those of COCO do not know of it.
    public var isIgnored: Bool

    /// An object in a box.
    /// - Parameter area: nil takes that of the box.
    public init(
        box: Box, classIndex: Int, isCrowd: Bool = false, area: Double? = nil, polygons: [Polygon] = [],
        mask: Mask? = nil, runs: RunLengthMask? = nil, identifier: Int64? = nil, isIgnored: Bool = false
    ) {
        (self.box, self.classIndex, self.isCrowd) = (box, classIndex, isCrowd)
        (self.area, self.polygons, self.mask) = (area ?? box.area, polygons, mask)
        (self.runs, self.identifier, self.isIgnored) = (runs, identifier, isIgnored)
    }

    /// Whether more than its box is known.
    public var hasMask: Bool { runs != nil || mask != nil || !polygons.isEmpty }

    /// The pixels it covers in an image of `size`: what its runs, its mask or else its outlines say; nil where nothing but
    /// its box is known.
    public func covered(in size: Pair) -> RunLengthMask? {
        if let runs { return runs }
        if let mask {
            return RunLengthMask(
                bitmap: mask.labels.map { $0 == 0 || $0 == mask.ignored ? 0 : 1 }, size: mask.size)
        }
        return polygons.isEmpty ? nil : RunLengthMask(filling: polygons, size: size)
    }

    /// The same object without any outline, mask or runs.
    package var boxOnly: Instance {
        var result = self
        (result.polygons, result.mask, result.runs) = ([], nil, nil)
        return result
    }
}

/// The objects in an image, of which there may be none.
public struct Instances: Annotation, Equatable {
    /// Height and width of the image in pixels.
    public let size: Pair
    /// The objects, in the order of the data.
    public var items: [Instance]
    /// An object of whose box a smaller share than this is left in a moved image is dropped, 0...1. One of which nothing
    /// is left is dropped in any case.
    public var leastVisible: Double
    /// Whether an object is dropped in a moved image that does not show the center of its box.
    public var needsCenters = false
    /// Whether boxes in a moved image are drawn around what is visible of an object's outlines or mask, where it has any.
    public var tightensBoxes = false

    /// The objects in an image of `size`.
    public init(size: Pair, items: [Instance], leastVisible: Double = 0) {
        require(
            (0...1).contains(leastVisible), "Instances", "a share of \(leastVisible) is not in 0...1")
        require(
            items.allSatisfy { ($0.mask?.size ?? size) == size && ($0.runs?.size ?? size) == size }, "Instances",
            "an object's mask is not of \(size) pixels")
        (self.size, self.items, self.leastVisible) = (size, items, leastVisible)
    }

    /// The boxes of all but crowds; outlines are not moved for it.
    public func objectBoxes(movedBy motion: Motion) -> [Box]? {
        var boxes = Instances(size: size, items: [], leastVisible: leastVisible)
        boxes.needsCenters = needsCenters
        boxes.items = items.filter { !$0.isCrowd }.map(\.boxOnly)
        return boxes.moved(by: motion).items.map(\.box)
    }

    /// The objects of the moved image.
    ///
    /// A box becomes the smallest box around what is visible of it after the motion: its four corners moved, clipped to
    /// the moved image and to what was not cut off on the way. Its area changes as the motion's does and by the share of
    /// the box that is left. Outlines move corner by corner and are clipped to what was not cut off on the way, not to the
    /// moved image; masks and runs move by nearest neighbor.
    ///
    /// After an elastic step the box is that around the object's mask, where it has one, and otherwise around the places that
    /// its sides went to.
    public func moved(by motion: Motion) -> Instances {
        require(motion.source == size, "Instances", "a motion of \(motion.source) pixels does not move \(size)")
        var result = Instances(size: motion.target, items: [], leastVisible: leastVisible)
        (result.needsCenters, result.tightensBoxes) = (needsCenters, tightensBoxes)
        result.items = items.compactMap { item in
            if needsCenters || motion.needsCenters, !motion.shows(item.box.center) { return nil }
            var moved = motion.isAffine ? move(item, motion) : item.displaced(by: motion, leastVisible)
            if tightensBoxes, let box = moved?.box {
                // Of what is moved without a trace of its outline, none is visible.
                guard let tight = moved?.tightBox(motion) else { return nil }
                moved?.box = tight.isKnown ? tight.box : box
            }
            return moved
        }
        return result
    }

    /// The object after a motion without displacements; nil where too little of it is left.
    private func move(_ item: Instance, _ motion: Motion) -> Instance? {
        let corners = item.box.corners.compactMap { motion.target(of: $0) }
        let visible = corners.count == 4 ? motion.visible(corners) : []
        guard let box = Box(around: visible) else { return nil }
        let whole = Polygon(corners).area
        // A box without an area is there or not.
        let share = whole > 0 ? min(1, Polygon(visible).area / whole) : 1
        guard share >= leastVisible, share > 0 else { return nil }
        var result = item
        result.box = box
        result.area = item.area * motion.areaScale * share
        result.polygons = item.polygons.compactMap { $0.moved(by: motion) }
        if !motion.frames.isEmpty { result.polygons = result.polygons.compactMap { motion.uncut($0) } }
        result.mask = item.mask?.moved(by: motion)
        result.runs = item.runs?.moved(by: motion)
        return result
    }
}
