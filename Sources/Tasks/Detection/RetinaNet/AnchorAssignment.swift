import Datasets
import Detection
import Tensors

/// What each anchor of a batch learns.
package struct AnchorAssignment: Sendable {
    /// An anchor that learns an object.
    package struct Learner: Sendable {
        /// Its row among the anchors of its level, counted over the images of the batch.
        package let row: Int32
        /// The image's row of the batch.
        package let image: Int
        package let anchor: Box
        /// The object's box.
        package let box: Box
    }

    /// For each level and each anchor, image by image: a class, `Matcher.nothing`, or `Matcher.ignored`.
    package private(set) var labels: [[Int32]]
    /// For each level those that learn an object.
    package private(set) var objects: [[Learner]]
    /// What the losses of each image are multiplied with.
    package let shares: [Double]
    /// How many anchors learn an object, summed over the images; an image counts with 1 at least.
    package let learners: Double
    /// For each image and each anchor of all levels the index of its object, `Matcher.nothing`, or `Matcher.ignored`.
    package let matches: [[Int32]]

    /// - Parameter maps: heights and widths of the levels' maps.
    package init(_ rules: RetinaNetRules, _ maps: [Pair], _ targets: InstanceTargets) {
        let levels = maps.indices.map { rules.anchors.boxes(level: $0, map: maps[$0], input: targets.size) }
        let columns = BoxColumns(levels.flatMap { $0 })
        let images = targets.images
        var matches = [[Int32]](repeating: [], count: images.count)
        matches.withUnsafeMutableBufferPointer { matches in
            let places = Places(matches)
            parallelFor(images.count, grain: 1) { range in
                for image in range {
                    let target = images[image]
                    let counted = rules.anchors.counted(
                        maps: maps, size: target.visible, multiple: rules.paddingMultiple)
                    var found = rules.matcher.matches(columns, target.boxes, counted: counted)
                    if rules.keys.crowd == .ignore { Matcher.ignore(&found, columns, in: target.crowds) }
                    places.start[image] = found
                }
            }
        }
        let counts = matches.map { found in Double(max(1, found.count { $0 >= 0 })) }
        let isMean = rules.style == .torchvision
        let total = counts.reduce(0, +)
        learners = total
        shares = counts.map { isMean ? 1 / ($0 * Double(images.count)) : 1 / total }
        (labels, objects) = ([], [])
        var first = 0
        for anchors in levels {
            var own: [Int32] = []
            own.reserveCapacity(anchors.count * images.count)
            var learners: [Learner] = []
            for (image, target) in images.enumerated() {
                for place in anchors.indices {
                    let match = matches[image][first + place]
                    guard match >= 0 else {
                        own.append(match)
                        continue
                    }
                    learners.append(
                        Learner(
                            row: Int32(own.count), image: image, anchor: anchors[place], box: target.boxes[Int(match)]))
                    own.append(target.labels[Int(match)])
                }
            }
            labels.append(own)
            objects.append(learners)
            first += anchors.count
        }
        self.matches = matches
    }
}
