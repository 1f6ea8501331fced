import Datasets
import Tensors

/// The classes of a batch as they are.
struct PlainLabels: Targets, Equatable {
    var classes: [Int]
    /// A number drawn for the batch.
    var draw: UInt64

    func part(_ range: Range<Int>) -> PlainLabels { PlainLabels(classes: Array(classes[range]), draw: draw) }
}

/// Makes them.
struct PlainCollator: Collator {
    func collate(_ annotations: [ClassLabel], _ images: ImageBatch, _ random: inout Random) -> PlainLabels {
        PlainLabels(classes: annotations.map(\.index), draw: random.next())
    }
}
