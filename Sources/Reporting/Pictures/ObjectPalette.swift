/// Colors of classes, as distinct as so many can be.
package enum ObjectPalette {
    /// Bright ones that are told apart on photographs, also by those who do not tell red from green.
    private static let first: [(UInt8, UInt8, UInt8)] = [
        (86, 180, 233), (230, 159, 0), (0, 190, 130), (240, 228, 66), (204, 121, 167), (213, 94, 0), (60, 110, 220),
        (150, 230, 90), (170, 100, 230), (255, 130, 120), (0, 200, 210), (190, 150, 100),
    ]

    /// The color of a class; the same number has the same color in every picture.
    package static func color(_ index: Int) -> Colormap.Color {
        let index = max(0, index)
        if index < first.count {
            let (red, green, blue) = first[index]
            return .init(red: red, green: green, blue: blue)
        }
        // Each next hue lies the golden section of the circle further, so that neighbors in number are far apart.
        let place = (Double(index) * 0.618_033_988_749_895).truncatingRemainder(dividingBy: 1) * 6
        let level = [0.95, 0.75, 0.85][index % 3]
        let paleness = [0.25, 0.1, 0.45][index / 3 % 3]
        func channel(_ shift: Double) -> UInt8 {
            let at = (place + shift).truncatingRemainder(dividingBy: 6)
            let share = min(max(abs(at - 3) - 1, 0), 1)
            return UInt8((255 * level * (paleness + (1 - paleness) * share)).rounded())
        }
        return .init(red: channel(0), green: channel(4), blue: channel(2))
    }

    /// The color's red, green and blue as JSON.
    package static func components(_ index: Int) -> [Int] {
        let color = color(index)
        return [Int(color.red), Int(color.green), Int(color.blue)]
    }
}
