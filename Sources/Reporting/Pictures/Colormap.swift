/// Colours that people tell apart whatever their sight.
package enum Colormap {
    /// Red, green and blue.
    package struct Color: Hashable, Sendable {
        package var red: UInt8
        package var green: UInt8
        package var blue: UInt8

        package init(red: UInt8, green: UInt8, blue: UInt8) { (self.red, self.green, self.blue) = (red, green, blue) }
    }

    /// White over blue to nearly black, for 0...1.
    static func sequential(_ value: Double) -> Color {
        blend(value, [(250, 250, 248), (166, 206, 227), (31, 120, 180), (8, 48, 107)])
    }

    /// Black over purple and orange to pale yellow, for magnitudes 0...1.
    static func magnitude(_ value: Double) -> Color {
        blend(value, [(6, 6, 24), (72, 24, 106), (160, 42, 99), (229, 92, 48), (251, 180, 50), (252, 253, 200)])
    }

    /// Orange below the middle, blue above it, for 0...1.
    static func diverging(_ value: Double) -> Color {
        blend(value, [(140, 61, 8), (224, 130, 50), (245, 244, 240), (80, 150, 200), (8, 64, 118)])
    }

    private static func blend(_ value: Double, _ stops: [(Double, Double, Double)]) -> Color {
        let place = min(max(value.isFinite ? value : 0, 0), 1) * Double(stops.count - 1)
        let index = min(Int(bounded: place), stops.count - 2)
        let share = place - Double(index)
        func mix(_ a: Double, _ b: Double) -> UInt8 { UInt8((a + (b - a) * share).rounded()) }
        let (low, high) = (stops[index], stops[index + 1])
        return Color(red: mix(low.0, high.0), green: mix(low.1, high.1), blue: mix(low.2, high.2))
    }
}
