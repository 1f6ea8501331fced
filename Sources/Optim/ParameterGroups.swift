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
    /// Whether it lies between embedding and head, so that Muon may orthogonalise what it moves its matrices by.
    public var isHidden: Bool

    /// What holds for one parameter.
    public init(
        weightDecay: Double, learningRateMultiplier: Double = 1, isTrainable: Bool = true, isHidden: Bool = true
    ) {
        self.weightDecay = weightDecay
        self.learningRateMultiplier = learningRateMultiplier
        self.isTrainable = isTrainable
        self.isHidden = isHidden
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
    /// The trainable parameters, for optimizers that look at whole ones.
    package let parameters: [TrainedParameter]
    /// Their parts.
    let parameterPieces: Pieces
    private let pieces: Pieces

    /// Groups with a setting for each parameter, as layer-wise learning rates need it.
    public init(_ list: ParameterList, setting: (ParameterList.Entry) -> ParameterSetting) {
        var groups: [Group] = []
        var parameters: [TrainedParameter] = []
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
            parameters.append(
                TrainedParameter(
                    range: entry.range, group: groups.count - 1, isDecayed: entry.isDecayed,
                    isBias: entry.role == .bias, matrices: setting.isHidden ? entry.matrices : nil))
        }
        self.groups = groups
        self.parameters = parameters
        parameterPieces = Pieces(parameters.enumerated().map { (owner: $0, range: $1.range) })
        flatCount = list.flatCount
        trainableRanges = groups.reduce(into: []) { ranges, group in
            // Up to 15 numbers of padding lie between neighbours; a frozen parameter takes at least 16.
            if let last = ranges.last, group.range.lowerBound - last.upperBound < 16 {
                ranges[ranges.count - 1] = last.lowerBound..<group.range.upperBound
            } else {
                ranges.append(group.range)
            }
        }
        pieces = Pieces(groups.enumerated().map { (owner: $0, range: $1.range) })
    }

    /// The usual groups: no decay for one-dimensional parameters, `weightDecay` for all others.
    ///
    /// - Parameters:
    ///   - isTrainable: as in `ParameterStore`, one value for each parameter; empty for all.
    ///   - learningRateMultipliers: by name of the parameter; 1 where there is none.
    ///   - isHidden: by name of the parameter, what `ParameterSetting` says of it.
    public init(
        _ list: ParameterList, weightDecay: Double, isTrainable: [Bool] = [],
        learningRateMultipliers: [String: Double] = [:], isHidden: (String) -> Bool = { _ in true }
    ) {
        require(
            isTrainable.isEmpty || isTrainable.count == list.entries.count, "ParameterGroups",
            "got \(isTrainable.count) trainable flags for \(list.entries.count) parameters")
        let frozen = Set(zip(list.entries, isTrainable).lazy.filter { !$0.1 }.map { $0.0.name })
        self.init(list) { entry in
            ParameterSetting(
                weightDecay: entry.isDecayed ? weightDecay : 0,
                learningRateMultiplier: learningRateMultipliers[entry.name] ?? 1,
                isTrainable: !frozen.contains(entry.name), isHidden: isHidden(entry.name))
        }
    }

    /// Calls `body` with every part of every group and the group's index, in parallel.
    package func forEachPiece(_ body: (_ group: Int, _ range: Range<Int>) -> Void) {
        pieces.forEachPiece { _, group, range in body(group, range) }
    }
}
