import Datasets
import JSON
import Reporting
import Synchronization
import Tensors

// What the masks of a part hold, for people who look at their data before they train on it.
extension SegmentationConfiguration {
    /// Each class with its value, its pixels, and the images that it is in; ignored pixels in a row of their own.
    public func details(_ dataset: any AnnotatedDataset<Mask>) throws -> DataDetails? {
        let (pixels, images) = try Self.tally(dataset)
        let total = pixels.reduce(0, +)
        let names = dataset.classNames
        func row(_ value: String, _ name: String, _ label: Int) -> [String] {
            [
                value, name, NumberText.grouped(pixels[label]),
                NumberText.percentage(Double(pixels[label]) / Double(max(1, total))), NumberText.grouped(images[label]),
            ]
        }
        var rows = names.enumerated().map { index, name in
            row(value(index), name + (name == masks.background ? " (background)" : ""), index)
        }
        rows.append(row(masks.ignore.map(String.init).joined(separator: ", "), "ignored", 255))
        return DataDetails(
            columns: ["value", "class", "pixels", "share", "images"], numbers: [0, 2, 3, 4], rows: rows,
            json: .array(
                names.enumerated().map { index, name in
                    [
                        "value": .string(value(index)), "class": .string(name), "pixels": .integer(pixels[index]),
                        "images": .integer(images[index]),
                    ]
                } + [
                    [
                        "value": .string(masks.ignore.map(String.init).joined(separator: ",")), "class": .null,
                        "pixels": .integer(pixels[255]), "images": .integer(images[255]),
                    ]
                ]))
    }

    /// What a class is in the files: a value, or a color.
    private func value(_ index: Int) -> String {
        if let colors = masks.colors, colors.indices.contains(index) {
            return "#" + colors[index].map { String(($0 / 16), radix: 16) + String($0 % 16, radix: 16) }.joined()
        }
        if let values = masks.labelValues, values.indices.contains(index) { return "\(values[index])" }
        return "\(masks.firstLabel + index)"
    }

    /// Pixels of each label, and images that it is in, on all threads.
    private static func tally(_ dataset: any AnnotatedDataset<Mask>) throws -> (pixels: [Int], images: [Int]) {
        let zeros = [Int](repeating: 0, count: 256)
        let state = Mutex((pixels: zeros, images: zeros, failure: (any Error)?.none))
        parallelFor(dataset.count, grain: 8) { range in
            var (pixels, images) = (zeros, zeros)
            do {
                for index in range {
                    let mask = try dataset.annotation(index)
                    var own = zeros
                    for label in mask.labels { own[label == mask.ignored ? 255 : Int(label)] += 1 }
                    for label in 0..<256 where own[label] > 0 {
                        pixels[label] += own[label]
                        images[label] += 1
                    }
                }
            } catch { state.withLock { $0.failure = $0.failure ?? error } }
            state.withLock { state in
                for label in 0..<256 {
                    state.pixels[label] += pixels[label]
                    state.images[label] += images[label]
                }
            }
        }
        return try state.withLock { state in
            if let failure = state.failure { throw failure }
            return (state.pixels, state.images)
        }
    }

    /// The mask with classes for values, to be kept as a PNG.
    public static func picture(of annotation: Mask) -> Image? {
        Image(
            width: annotation.size.width, height: annotation.size.height, channels: 1,
            pixels: annotation.labels.map { $0 == annotation.ignored ? 255 : $0 })
    }

    /// Yes: answers are about places in an image, so that images are evaluated as they are.
    public static var evaluatesWholeImages: Bool { true }
}
