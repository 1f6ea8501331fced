import Datasets
import Tensors

/// Reads the images of a data set in order, a few at a time on all threads: neighbors of one size, which may go through a
/// model together.
struct SampleReader<Annotation: Datasets.Annotation> {
    struct Sample {
        let index: Int
        let image: Image
        let annotation: Annotation
    }

    private let dataset: any AnnotatedDataset<Annotation>
    private var position = 0
    private var waiting: [Sample] = []

    /// So many are read at a time, and so many pixels go through the model together at most.
    private static var read: Int { 16 }
    private static var together: Int { 1 << 17 }

    init(_ dataset: any AnnotatedDataset<Annotation>) { self.dataset = dataset }

    /// The next images, all of one size; nil at the end.
    mutating func next() throws -> [Sample]? {
        if waiting.isEmpty { try fill() }
        guard let first = waiting.first else { return nil }
        let most = max(1, Self.together / (first.image.height * first.image.width))
        let count = waiting.prefix(most).prefix { $0.image.size == first.image.size }.count
        defer { waiting.removeFirst(count) }
        return Array(waiting.prefix(count))
    }

    private mutating func fill() throws {
        let range = position..<min(dataset.count, position + Self.read)
        position = range.upperBound
        guard !range.isEmpty else { return }
        let dataset = dataset
        var read = [Result<Sample, any Error>?](repeating: nil, count: range.count)
        read.withUnsafeMutableBufferPointer { read in
            let places = Places(read)
            parallelFor(range.count, grain: 1) { part in
                for offset in part {
                    let index = range.lowerBound + offset
                    places.start[offset] = Result {
                        Sample(
                            index: index, image: try dataset.image(index), annotation: try dataset.annotation(index))
                    }
                }
            }
        }
        for result in read {
            do { if let sample = try result?.get() { waiting.append(sample) } } catch let error as DatasetError {
                throw dataset.explained(error)
            }
        }
    }
}
