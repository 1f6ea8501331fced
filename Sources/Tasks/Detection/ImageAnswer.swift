import Datasets
import Distributed

/// What a detector says of an image of a batch.
package struct ImageAnswer: Tellable, Equatable {
    /// By falling score, in pixels of the input.
    package let objects: [DetectedObject]
    /// What the image would add to a loss by itself.
    package let loss: Double

    package init(objects: [DetectedObject], loss: Double) { (self.objects, self.loss) = (objects, loss) }
}

extension ImageAnswer {
    package func write(to message: inout ByteMessage) {
        objects.write(to: &message)
        message.add(loss)
    }

    package init(from message: inout ByteMessage) {
        objects = [DetectedObject](from: &message)
        loss = message.number()
    }
}

extension DetectedObject: Tellable {
    package func write(to message: inout ByteMessage) {
        for side in [box.left, box.top, box.right, box.bottom] { message.add(side) }
        message.add(classIndex)
        message.add(score)
        message.add(mask?.side ?? 0)
        for value in mask?.values ?? [] { message.add(value) }
    }

    package init(from message: inout ByteMessage) {
        let sides = (0..<4).map { _ in message.number() }
        let box = Box(left: sides[0], top: sides[1], right: sides[2], bottom: sides[3])
        let (classIndex, score, side) = (message.integer(), message.number(), message.integer())
        let values = (0..<side * side).map { _ in message.number() }
        self.init(
            box: box, classIndex: classIndex, score: score, mask: side > 0 ? MaskPatch(side: side, values: values) : nil
        )
    }
}
