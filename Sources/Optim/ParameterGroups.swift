import Layers
import Tensors

/// How the optimizer treats one parameter.
public struct ParameterSetting: Sendable, Equatable {
    /// Decay per update, times the learning rate.
    public var weightDecay: Double
    /// The factor on the schedule's learning rate.
    public var learningRateMultiplier: Double
    /// A frozen parameter is not touched at all.
    public var isTrainable: Bool

    /// What holds for one parameter.
    public init(weightDecay: Double, learningRateMultiplier: Double = 1, isTrainable: Bool = true) {
        self.weightDecay = weightDecay
        self.learningRateMultiplier = learningRateMultiplier
        self.isTrainable = isTrainable
    }
}

/// The ranges of the flat parameter buffer that an optimizer updates, each with its setting.
///
/// Neighbours of equal setting form one range, the padding between them included: it is 0 and an update keeps it 0.
public struct ParameterGroups: Sendable, Equatable {
    /// Neighbouring elements that are treated alike.
    public struct Group: Sendable, Equatable {
        /// Where in the flat buffer.
        public let range: Range<Int>
        /// Decay per update, times the learning rate.
        public let weightDecay: Double
        /// Factor on the learning rate.
        public let learningRateMultiplier: Double
    }

    /// In the order of the buffer; frozen parameters are in none.
    public let groups: [Group]
    /// The length of the flat buffer.
    public let flatCount: Int
    /// The trainable part of the buffer, neighbouring groups taken together.
    public let trainableRanges: [Range<Int>]
    /// Parts of groups, cut by size alone so that results do not depend on the number of threads.
    private let pieces: [Piece]
    private let chunks: [Range<Int>]

    private struct Piece: Equatable {
        let group: Int
        let range: Range<Int>
    }

    /// Groups with a setting for each parameter, as layer-wise learning rates need it.
    public init(_ list: ParameterList, setting: (ParameterList.Entry) -> ParameterSetting) {
        var groups: [Group] = []
        var last: (index: Int, setting: ParameterSetting)?
        for (index, entry) in list.entries.enumerated() {
            let setting = setting(entry)
            guard setting.isTrainable, !entry.range.isEmpty else { continue }
            var start = entry.range.lowerBound
            if let last, last.index + 1 == index, last.setting == setting, let group = groups.popLast() {
                start = group.range.lowerBound
            }
            groups.append(
                Group(
                    range: start..<entry.range.upperBound, weightDecay: setting.weightDecay,
                    learningRateMultiplier: setting.learningRateMultiplier))
            last = (index, setting)
        }
        self.groups = groups
        flatCount = list.flatCount
        trainableRanges = groups.reduce(into: []) { ranges, group in
            // Up to 15 numbers of padding lie between neighbours; a frozen parameter takes at least 16.
            if let last = ranges.last, group.range.lowerBound - last.upperBound < 16 {
                ranges[ranges.count - 1] = last.lowerBound..<group.range.upperBound
            } else {
                ranges.append(group.range)
            }
        }
        pieces = groups.enumerated().flatMap { index, group in
            cut(group.range).map { Piece(group: index, range: $0) }
        }
        chunks = bundle(pieces.map(\.range.count))
    }

    /// The usual groups: no decay for one-dimensional parameters, `weightDecay` for all others.
    ///
    /// - Parameters:
    ///   - isTrainable: as in `ParameterStore`, one value for each parameter; empty for all.
    ///   - learningRateMultipliers: by name of the parameter; 1 where there is none.
    public init(
        _ list: ParameterList, weightDecay: Double, isTrainable: [Bool] = [],
        learningRateMultipliers: [String: Double] = [:]
    ) {
        require(
            isTrainable.isEmpty || isTrainable.count == list.entries.count, "ParameterGroups",
            "got \(isTrainable.count) trainable flags for \(list.entries.count) parameters")
        let frozen = Set(zip(list.entries, isTrainable).lazy.filter { !$0.1 }.map { $0.0.name })
        self.init(list) { entry in
            ParameterSetting(
                weightDecay: entry.isDecayed ? weightDecay : 0,
                learningRateMultiplier: learningRateMultipliers[entry.name] ?? 1,
                isTrainable: !frozen.contains(entry.name))
        }
    }

    /// Calls `body` with every part of every group and the group's index, in parallel.
    package func forEachPiece(_ body: (_ group: Int, _ range: Range<Int>) -> Void) {
        ThreadPool.current.run(chunks: chunks.count) { chunk in
            for piece in pieces[chunks[chunk]] { body(piece.group, piece.range) }
        }
    }
}

/// A range in pieces of `elementGrain`, the last one shorter.
func cut(_ range: Range<Int>) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: elementGrain).map {
        $0..<min($0 + elementGrain, range.upperBound)
    }
}

/// Runs of neighbours of about `elementGrain` elements, so that a model of many small parameters makes few chunks.
private func bundle(_ counts: [Int]) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var start = 0
    var elements = 0
    for (index, count) in counts.enumerated() {
        elements += count
        if elements >= elementGrain || index == counts.count - 1 {
            chunks.append(start..<index + 1)
            (start, elements) = (index + 1, 0)
        }
    }
    return chunks
}
