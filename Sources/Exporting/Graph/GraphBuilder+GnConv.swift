extension GraphBuilder {
    /// gnConv of any input width, see `GnConv` and `GnConvModule`: its result with the channels last.
    /// - Parameters:
    ///   - widths: of the gates, ascending.
    ///   - gateScale: what the gates are multiplied by; absent, they stay as they are.
    mutating func gnConv(
        _ path: String, _ x: FeatureMap, widths: [Int], globalFilter: Bool, gateScale: Double? = nil
    ) throws -> String {
        var gates = channelsLast(x)
        gates.channels = widths.reduce(0, +)
        let parts = split(
            path + ".parts", try linear(path + ".proj_in", gates.name), [widths[0], gates.channels], axis: 3)
        gates.name = parts[1]
        gates =
            globalFilter
            ? try globalLocalFilter(path + ".dwconv", gates) : try convolution(path + ".dwconv", gates, padding: 3)
        var scaled = channelsLast(gates).name
        if let gateScale { scaled = node("Mul", path + ".gates.scaled", [scaled, number(gateScale)]) }
        let factors = split(path + ".gates", scaled, widths, axis: 3)
        var y = node("Mul", path + ".gated.0", [parts[0], factors[0]])
        for k in 0..<widths.count - 1 {
            y = node("Mul", "\(path).gated.\(k + 1)", [try linear("\(path).pws.\(k)", y), factors[k + 1]])
        }
        return try linear(path + ".proj_out", y)
    }
}
