// Detection: readers of images with objects in boxes, what the files may say, and what is made of it.

import Tensors

/// What is known of an image in detection: its objects in its own pixels, and, once it moved, where they are in the
/// model's input.
public struct LocatedInstances: Annotation {
    /// The image's id in its file, or its index where files give none.
    public var identifier: Int64
    /// The objects in the decoded image's pixels, all of them: crowds, difficult ones and boxes without an area included.
    public var original: Instances
    /// From the decoded image to the model's input; nil before the image moved.
    public var motion: Motion?
    /// The objects in the input's pixels; equal to `original` before the image moved. Boxes are what is visible of them.
    public var placed: Instances

    /// The objects of an image that has not moved.
    public init(identifier: Int64, original: Instances) {
        (self.identifier, self.original, motion, placed) = (identifier, original, nil, original)
    }

    /// The same objects with `placed` where they went: by the whole motion from the decoded image, so that nothing is
    /// rounded twice.
    public func moved(by next: Motion) -> LocatedInstances {
        var result = self
        let total = motion?.then(next) ?? next
        result.motion = total
        result.placed = original.moved(by: total)
        return result
    }

    /// The boxes of all but crowds.
    public func objectBoxes(movedBy next: Motion) -> [Box]? {
        original.objectBoxes(movedBy: motion?.then(next) ?? next)
    }
}
