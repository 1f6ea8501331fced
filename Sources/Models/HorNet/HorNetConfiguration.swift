import Configuration
import Layers

private enum MixerWord: String, CaseIterable {
    case depthwise7x7 = "7x7"
    case globalFilter = "gf"
}

private enum InitializationWord: String, CaseIterable {
    case normal, uniform
}

extension HorNetSpecification {
    /// What a configuration starts from that names the family alone.
    public static let free = HorNetSpecification(baseWidth: 64)

    /// Reads the keys of HorNet from the section `model`.
    public init(reading reader: ConfigurationReader, from start: HorNetSpecification) {
        var specification = start
        specification.baseWidth = reader.int(
            "baseWidth", default: specification.baseWidth, in: ModelLimits.baseWidth,
            "Channels of the first stage; each stage doubles")
        specification.depths = reader.ints(
            "depths", default: specification.depths, in: ModelLimits.depths, "Blocks per stage")
        specification.orders = reader.ints(
            "orders", default: specification.orders, in: ModelLimits.orders, "Order of gnConv per stage, 1 to 5")
        specification.stemStride = reader.int(
            "stemStride", default: specification.stemStride, in: 1...4, "Stride of the stem: 1, 2 or 4")
        let words = specification.mixers.map { $0 == .depthwise7x7 ? "7x7" : "gf" }
        let chosen = reader.strings("mixers", default: words, "Spatial mixer per stage: 7x7 or gf (global filter)")
        if chosen != words {
            specification.mixers = chosen.map { word in
                guard let known = MixerWord(rawValue: word) else {
                    reader.problem("mixers", "found '\(word)', expected 7x7 or gf for each stage")
                    return .depthwise7x7
                }
                return known == .depthwise7x7 ? .depthwise7x7 : .globalFilter(rows: nil, columns: nil)
            }
        }
        specification.gateScale = reader.double(
            "gateScale", default: specification.gateScale, in: ModelLimits.gateScale,
            "Factor of the gates after mixing (1 / alpha)")
        specification.layerScale = reader.double(
            "layerScale", default: specification.layerScale, in: ModelLimits.layerScale,
            "First value of the layer scales; 0 = none")
        specification.dropPath = reader.double(
            "dropPath", default: specification.dropPath, in: 0...0.99, "Drop rate of the last block's branches")
        specification.headScale = reader.double(
            "headScale", default: specification.headScale, in: ModelLimits.headScale,
            "Factor of the head's first weights")
        specification.uniformInit =
            reader.choice(
                "initialization", default: specification.uniformInit ? InitializationWord.uniform : .normal,
                "First weights: normal (0.02) or uniform (Xavier)") == .uniform
        HorNetSpecification.check(specification, reader)
        self = specification
    }

    /// Reports what does not go together, each at the key that says so.
    private static func check(_ specification: HorNetSpecification, _ reader: ConfigurationReader) {
        let stages = specification.depths.count
        var fits = true
        func problem(_ key: String, _ message: String) {
            fits = false
            reader.problem(key, message)
        }
        if ![1, 2, 4].contains(specification.stemStride) {
            problem("stemStride", "found \(specification.stemStride), expected 1, 2 or 4")
        }
        if !(1...8).contains(stages) { problem("depths", "found \(stages) stages, expected 1 to 8") }
        for (key, count) in [("orders", specification.orders.count), ("mixers", specification.mixers.count)]
        where count != stages {
            problem(key, "found \(count) entries, expected \(stages), one per stage as in model.depths")
        }
        guard fits else { return }
        do { try specification.validate() } catch {
            reader.problem(reader.has("orders") || !reader.has("baseWidth") ? "orders" : "baseWidth", "\(error)")
        }
    }
}
