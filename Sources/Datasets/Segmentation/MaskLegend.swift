/// What the values of mask files mean.
struct MaskLegend: Sendable {
    /// What a value is that means nothing.
    private static let unknown: UInt16 = 256
    /// The class of ignored pixels.
    static let ignored: UInt8 = 255
    /// The most classes there may be: 255 is the label of ignored pixels.
    static let mostClasses = 254

    /// The names of the classes in order.
    let classNames: [String]
    /// Whether values are colors.
    let inColor: Bool
    /// The value of each class in order.
    let values: [UInt32]
    /// The values that count for nothing.
    let ignoredValues: [UInt32]
    /// Of gray values and indices: the class of each, 255 or `unknown`.
    private let table: [UInt16]
    private let colorClasses: [UInt32: UInt8]

    /// - Parameters:
    ///   - names: of `classes.txt`, if there is one.
    ///   - path: of the data, for messages.
    init(_ options: SegmentationDataOptions, _ file: ClassFile?, path: String) throws {
        let count = try Self.count(options, file, path)
        if count > Self.mostClasses {
            throw DatasetError(
                path, "there are \(count) classes, expected at most \(Self.mostClasses), since 255 is ignored")
        }
        inColor = options.colors != nil
        var ignored = Set<UInt32>()
        if let colors = options.colors {
            for (index, color) in colors.enumerated() where color.count != 3 {
                throw DatasetError(
                    path,
                    "the color \(index + 1) of data.colors has \(counted(color.count, "value")), expected three "
                        + "(red, green, blue)")
            }
            values = colors.map { UInt32($0[0]) << 16 | UInt32($0[1]) << 8 | UInt32($0[2]) }
            // A gray value stands for that gray.
            for value in options.ignore where 0...255 ~= value { ignored.insert(UInt32(value) * 0x01_0101) }
            ignored.subtract(values)
        } else {
            // A file with indices says the values itself, unless the configuration does.
            let given = options.labelValues ?? (options.firstLabel == 0 ? file?.values : nil)
            let numbers = given ?? (0..<count).map { options.firstLabel + $0 }
            let unwanted = options.ignore + (file?.ignored ?? [])
            for value in numbers + unwanted where !(0...65535 ~= value) {
                throw DatasetError(path, "a mask value of \(value) is not possible, expected 0 to 65535")
            }
            values = numbers.map { UInt32($0) }
            ignored = Set(unwanted.map { UInt32($0) })
            // The default of 255 gives way to a class of that value; what was said by hand does not.
            if options.ignore == [255], file?.ignored.contains(255) != true, values.contains(255) {
                ignored.remove(255)
            }
        }
        ignoredValues = ignored.sorted()
        classNames = Self.names(options, file, values: values, inColor: inColor, count: count)
        (table, colorClasses) = try Self.classes(values, ignored, inColor: inColor, classNames, path)
    }

    private static func classes(
        _ values: [UInt32], _ ignored: Set<UInt32>, inColor: Bool, _ names: [String], _ path: String
    ) throws -> (table: [UInt16], colors: [UInt32: UInt8]) {
        var table = [UInt16](repeating: unknown, count: inColor ? 0 : 65536)
        var colors: [UInt32: UInt8] = [:]
        for value in ignored {
            if inColor { colors[value] = Self.ignored } else { table[Int(value)] = UInt16(Self.ignored) }
        }
        var seen: [UInt32: Int] = [:]
        for (index, value) in values.enumerated() {
            let shown = Self.shown(value, inColor: inColor)
            if let other = seen.updateValue(index, forKey: value) {
                throw DatasetError(
                    path, "the mask value \(shown) is that of two classes, \(names[other]) and \(names[index])")
            }
            if ignored.contains(value) {
                throw DatasetError(
                    path,
                    "the mask value \(shown) is that of the class \(names[index]) and ignored as well; data.ignore and "
                        + "data.firstLabel say which values count")
            }
            if inColor { colors[value] = UInt8(index) } else { table[Int(value)] = UInt16(index) }
        }
        return (table, colors)
    }

    /// How many classes there are, where all that is said of them agrees.
    private static func count(_ options: SegmentationDataOptions, _ file: ClassFile?, _ path: String) throws -> Int {
        let said = [
            ("data.classNames", options.classNames?.count), ("data.labelValues", options.labelValues?.count),
            ("data.colors", options.colors?.count),
        ].compactMap { name, count in count.map { (name, $0) } }
        if options.labelValues != nil, options.colors != nil {
            throw DatasetError(path, "data.labelValues and data.colors say the same in two ways, expected one of them")
        }
        guard let first = said.first ?? file.map({ (FileName.shown($0.path), $0.names.count) }) else {
            throw DatasetError(
                path,
                "nothing says which classes there are, expected a file classes.txt in this folder with one line "
                    + "\"index name\" for each (0 background, 1 road, ...), or data.classNames")
        }
        let all = said + (file.map { [(FileName.shown($0.path), $0.names.count)] } ?? [])
        if let other = all.first(where: { $0.1 != first.1 }) {
            throw DatasetError(
                path,
                "\(first.0) has \(counted(first.1, "class", "classes")), but \(other.0) has \(other.1), expected as many"
            )
        }
        guard first.1 > 0 else { throw DatasetError(path, "\(first.0) names no class") }
        return first.1
    }

    private static func names(
        _ options: SegmentationDataOptions, _ file: ClassFile?, values: [UInt32], inColor: Bool, count: Int
    ) -> [String] {
        options.classNames ?? file?.names ?? values.map { shown($0, inColor: inColor) }
    }

    /// The class of a value, 255 for an ignored one, nil for one that means nothing.
    func label(_ value: UInt32) -> UInt8? {
        if inColor { return colorClasses[value] }
        let label = table[Int(value)]
        return label == Self.unknown ? nil : UInt8(label)
    }

    /// The class of each pixel of a mask; nil where a value means nothing.
    func labels(_ values: [UInt32]) -> [UInt8]? {
        var isKnown = true
        let labels = [UInt8](unsafeUninitializedCapacity: values.count) { output, count in
            // Neighbors are mostly alike.
            var last: (value: UInt32, label: UInt8)?
            for (index, value) in values.enumerated() {
                if last?.value != value {
                    guard let label = label(value) else {
                        isKnown = false
                        break
                    }
                    last = (value, label)
                }
                output[index] = last?.label ?? 0
            }
            if isKnown { count = values.count }
        }
        return isKnown ? labels : nil
    }

    /// A value as people write it: 7, or #8000FF.
    static func shown(_ value: UInt32, inColor: Bool) -> String {
        guard inColor else { return "\(value)" }
        let digits = String(value, radix: 16, uppercase: true)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    func shown(_ value: UInt32) -> String { Self.shown(value, inColor: inColor) }

    /// The values that may occur, for messages: 0 to 10, 255 (ignored).
    var knownValues: String {
        let sorted = values.sorted()
        let isRun = !inColor && sorted.count > 3 && Int(sorted[sorted.count - 1] - sorted[0]) == sorted.count - 1
        let shown =
            isRun ? "\(sorted[0]) to \(sorted[sorted.count - 1])" : listed(sorted.map { self.shown($0) }, most: 12)
        let rest = ignoredValues.map { self.shown($0) }
        return shown + (rest.isEmpty ? "" : " and \(listed(rest)) (ignored)")
    }
}
