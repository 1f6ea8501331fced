import Datasets
import Tensors

/// How the images of a batch came to be, for a teacher that looks at them more closely than the student.
package struct Shown {
    /// Of the images in the data set.
    let indices: [Int]
    /// From each decoded image to the student's input.
    let motions: [Motion]

    package init(indices: [Int], motions: [Motion]) { (self.indices, self.motions) = (indices, motions) }
}

/// Shows a teacher the images of a batch at its own size, made of the decoded images themselves: enlarged, what the student
/// sees would hold no more than the student sees.
package struct TeacherView: Sendable {
    private let image: @Sendable (Int) throws -> Image
    private let channels: Int
    private let normalization: Normalization

    /// - Parameter plan: of the teacher.
    package init(_ plan: TransformPlan, image: @escaping @Sendable (Int) throws -> Image) {
        self.image = image
        channels = plan.channels
        normalization = plan.normalization
    }

    /// - Parameters:
    ///   - images: what the student sees, brought to the teacher's size and normalisation, [N, H, W, C]; it stays where the
    ///     input shows padding, and where an image cannot be read again.
    ///   - size: of the student's input.
    package func callAsFunction(_ images: Tensor<Float>, size: Pair, _ shown: Shown) -> Tensor<Float> {
        let (height, width) = (images.shape[1], images.shape[2])
        let (x, y) = (Double(size.width) / Double(width), Double(size.height) / Double(height))
        return Tensor(images.shape) { target in
            images.read { target.update(from: $0, count: images.elementCount) }
            let output = Destination(pointer: target)
            parallelFor(images.shape[0], grain: 1) { rows in
                for row in rows {
                    // What was put together of several images did not move from any of them.
                    guard let image = try? self.image(shown.indices[row]).converted(channels: channels),
                        image.size == shown.motions[row].source
                    else { continue }
                    draw(
                        image, shown.motions[row], x, y, Pair(height, width),
                        into: output.pointer + row * height * width * channels)
                }
            }
        }
    }

    private struct Destination: @unchecked Sendable {  // every row is written by one thread
        let pointer: UnsafeMutablePointer<Float>
    }

    /// - Parameters:
    ///   - x: pixels of the student's input for each of the teacher's, horizontally.
    ///   - y: likewise, vertically.
    private func draw(
        _ image: Image, _ motion: Motion, _ x: Double, _ y: Double, _ size: Pair,
        into target: UnsafeMutablePointer<Float>
    ) {
        // Pixels of the image for each of the teacher's: more than one are averaged first.
        let matrix = motion.matrix
        let area = abs(matrix[0] * matrix[4] - matrix[1] * matrix[3]) * x * y
        let factor = area.isFinite ? max(1, area.squareRoot()) : 1
        let small = image.resized(
            to: Pair(
                max(1, Int((Double(image.height) / factor).rounded())),
                max(1, Int((Double(image.width) / factor).rounded()))))
        let (across, down) = (
            Double(small.width) / Double(image.width), Double(small.height) / Double(image.height)
        )
        small.pixels.withUnsafeBufferPointer { pixels in
            for row in 0..<size.height {
                for column in 0..<size.width {
                    let place = Point((Double(column) + 0.5) * x, (Double(row) + 0.5) * y)
                    guard let source = motion.visibleSource(of: place) else { continue }
                    let (left, right, u) = neighbours(source.x * across - 0.5, small.width)
                    let (top, bottom, v) = neighbours(source.y * down - 0.5, small.height)
                    for channel in 0..<channels {
                        func value(_ row: Int, _ column: Int) -> Float {
                            Float(pixels[(row * small.width + column) * channels + channel])
                        }
                        let upper = value(top, left) * (1 - u) + value(top, right) * u
                        let lower = value(bottom, left) * (1 - u) + value(bottom, right) * u
                        let light = (upper * (1 - v) + lower * v) / 255
                        target[(row * size.width + column) * channels + channel] =
                            (light - normalization.mean[channel]) / normalization.deviation[channel]
                    }
                }
            }
        }
    }

    /// The pixels on both sides of a coordinate, and the share of the second one.
    private func neighbours(_ coordinate: Double, _ length: Int) -> (Int, Int, Float) {
        let inside = min(max(coordinate, 0), Double(length - 1))
        let first = Int(inside)
        return (first, min(first + 1, length - 1), Float(inside - Double(first)))
    }
}

extension DistillationRun {
    /// Lets teachers of another input size than the student's look at the images themselves, where the batch tells how they
    /// moved and nothing but motion changed them.
    func openViews() {
        let isMoved =
            data.plan.training.allSatisfy(\.keepsColors) && data.plan.erasing == nil && !task.mixesImages
            && recipe.data.geometry.objects.mosaic == 0
        let (train, validation) = (data.splits.train, data.splits.validation)
        for teacher in teachers + (trainedStudent.map { [$0] } ?? []) {
            let own = teacher.weights.metadata.transform
            guard task.tellsMotions, own.height != data.plan.height || own.width != data.plan.width else { continue }
            guard isMoved else {
                console.notice(
                    "\(teacher.name) is shown the student's images at its own size, since more than places is changed in them"
                )
                continue
            }
            teacher.views = [.training: TeacherView(own) { try train.image($0) }]
            if let validation { teacher.views[.validation] = TeacherView(own) { try validation.image($0) } }
        }
    }
}
