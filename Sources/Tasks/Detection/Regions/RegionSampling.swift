import Datasets
import Detection
import Tensors

/// The regions of one image that a stage is trained with.
package struct RegionSample: Sendable, Equatable {
    /// Where they are, in pixels of the input.
    package var boxes: [Box] = []
    /// Which of the image's objects each is of; nil for the background.
    package var objects: [Int?] = []
    /// Whether a region is an object's own box, which was added to the proposals.
    package var isTruth: [Bool] = []

    /// None.
    package init() {}
}

/// Chooses the regions of an image that a stage is trained with.
///
/// The image's own boxes are added to its proposals. torchvision adds them behind, matches all of them and keeps their order;
/// mmdetection matches the proposals alone, puts each own box before them as its own match, and lists what is of an object
/// first.
struct RegionSampling: Sendable {
    let style: DetectorStyle
    let sampler: Sampler

    /// - Parameters:
    ///   - proposals: boxes in pixels of the input.
    ///   - objects: the image's own boxes.
    ///   - crowds: proposals more than half of which lies in one of these are not drawn.
    ///   - key: the stream of this image and stage.
    func callAsFunction(
        _ proposals: [Box], _ objects: [Box], crowds: [Box] = [], _ stage: RegionStage, _ key: RandomKey
    ) -> RegionSample {
        var matcher = Matcher(high: stage.overlap, low: stage.overlap)
        let boxes: [Box]
        var matches: [Int32]
        let truths: Range<Int>
        switch style {
        case .torchvision:
            if stage.keepsBest { matcher.lowQuality = .ownBest }
            boxes = proposals + objects
            matches = matcher.matches(boxes, objects)
            truths = proposals.count..<boxes.count
            let own = Array(matches[truths])
            Matcher.ignore(&matches, BoxColumns(boxes), in: crowds)
            matches.replaceSubrange(truths, with: own)
        case .mmdetection:
            if stage.keepsBest { matcher.lowQuality = .inOrder(least: stage.overlap) }
            boxes = objects + proposals
            matches = matcher.matches(proposals, objects)
            Matcher.ignore(&matches, BoxColumns(proposals), in: crowds)
            matches = objects.indices.map { Int32($0) } + matches
            truths = 0..<objects.count
        }
        let drawn = sampler.sample(matches, key)
        var order = drawn.positives + drawn.negatives
        if style == .torchvision { order.sort() }
        var sample = RegionSample()
        for index in order {
            sample.boxes.append(boxes[index])
            sample.objects.append(matches[index] >= 0 ? Int(matches[index]) : nil)
            sample.isTruth.append(truths.contains(index))
        }
        return sample
    }
}
