import Layers
import Tensors

extension GraphBuilder {
    /// HorNet's mixer of local and global halves, see `GlobalLocalFilter`.
    public mutating func globalLocalFilter(_ path: String, _ map: FeatureMap) throws -> FeatureMap {
        let half = map.channels / 2
        let normed = channelsFirst(try layerNorm(path + ".pre_norm", map))
        let halves = split(path + ".halves", normed.name, [half, half], axis: 1)
        var part = normed
        part.channels = half
        let local = try convolution(path + ".dw", part.renamed(halves[0]), padding: 1)
        let filtered = try globalFilter(path, part.renamed(halves[1]))
        // Channel 2 i is local, channel 2 i + 1 global.
        let pairs = [(local.name, "local"), (filtered.name, "global")].map { value, name in
            reshaped("\(path).\(name)", value, [half, 1, map.height * map.width])
        }
        let interleaved = reshaped(
            path + ".interleaved", concatenated(path + ".pairs", pairs, axis: 2), [map.channels, map.height, map.width])
        return try layerNorm(path + ".post_norm", normed.renamed(interleaved))
    }

    /// irfft2(rfft2(x) k) by products with real matrices: along the width, along the height, times the filter, and
    /// back.
    mutating func globalFilter(_ path: String, _ map: FeatureMap) throws -> FeatureMap {
        let (height, columns) = (map.height, map.width / 2 + 1)
        let (real, imaginary) = try filter(path, map, columns: columns)
        let spectrum = halfSpectrum(path, map)
        let parts = split(path + ".spectrum", spectrum, [height, height], axis: 3)
        func name(_ suffix: String) -> String { "\(path).product.\(suffix)" }
        let newReal = node(
            "Sub", name("real"),
            [
                node("Mul", name("real_real"), [parts[0], real]),
                node("Mul", name("imaginary_imaginary"), [parts[1], imaginary]),
            ])
        let newImaginary = node(
            "Add", name("imaginary"),
            [
                node("Mul", name("real_imaginary"), [parts[0], imaginary]),
                node("Mul", name("imaginary_real"), [parts[1], real]),
            ])

        return maps(path, concatenated(name("both"), [newReal, newImaginary], axis: 3), like: map)
    }

    /// rfft2 of [N, C, H, W]: [N, C, columns, 2 H], real parts before imaginary ones.
    mutating func halfSpectrum(_ path: String, _ map: FeatureMap) -> String {
        let (height, columns) = (map.height, map.width / 2 + 1)
        let matrices = FourierMatrices(height: height, width: map.width)
        // [N, C, H, W] -> [N, C, H, 2 columns] -> [N, C, columns, 2 H]
        let rows = node(
            "MatMul", path + ".rfft.width",
            [
                map.name,
                constant("fourier.\(map.width).forward", [map.width, 2 * columns], matrices.widthForward),
            ])
        return node(
            "MatMul", path + ".rfft.height",
            [
                turnedComplex(path + ".rfft", rows, columns),
                constant("fourier.\(height).complex.forward", [2 * height, 2 * height], matrices.heightForward),
            ])
    }

    /// irfft2 of such a spectrum, maps of the size of `map`.
    mutating func maps(_ path: String, _ spectrum: String, like map: FeatureMap) -> FeatureMap {
        let (height, columns) = (map.height, map.width / 2 + 1)
        let matrices = FourierMatrices(height: height, width: map.width)
        let filtered = node(
            "MatMul", path + ".irfft.height",
            [
                spectrum,
                constant("fourier.\(height).complex.inverse", [2 * height, 2 * height], matrices.heightInverse),
            ])
        let result = node(
            "MatMul", path + ".irfft.width",
            [
                turnedComplex(path + ".irfft", filtered, height),
                constant("fourier.\(map.width).inverse", [2 * columns, map.width], matrices.widthInverse),
            ])
        var copy = map.renamed(result)
        copy.isChannelsFirst = true
        return copy
    }

    /// [..., a, 2 b] with real parts before imaginary ones as [..., b, 2 a].
    private mutating func turnedComplex(_ path: String, _ x: String, _ extent: Int) -> String {
        let parts = split(path + ".parts", x, [extent, extent], axis: 3)
        let turned = zip(["real", "imaginary"], parts).map { name, part in
            transposed("\(path).turned.\(name)", part, [0, 1, 3, 2])
        }
        return concatenated(path + ".turned", turned, axis: 3)
    }

    /// The filter's real and imaginary parts for the map, [C, columns, H] each; resized where the stored filter is for
    /// another size, as the model does it.
    private mutating func filter(
        _ path: String, _ map: FeatureMap, columns: Int
    ) throws -> (real: String, imaginary: String) {
        let name = path + ".complex_weight"
        let stored = try tensor(name, rank: 4)
        guard stored.shape[0] == map.channels, stored.shape[3] == 2 else {
            throw ExportError("\(name) has the shape \(stored.shape), expected \(map.channels) channels of (re, im)")
        }
        let shape: Shape = [stored.shape[1], stored.shape[2], stored.shape[0], 2]
        var filter = Tensor<Float>(shape) { target in
            stored.values.withUnsafeBufferPointer { values in
                if let source = values.baseAddress {
                    ParameterLayout.spectrum.copy(shape, from: source, to: target, toFile: false)
                }
            }
        }
        if (shape[0], shape[1]) != (map.height, columns) {
            filter = filter.resizedFilter(rows: map.height, columns: columns)
        }
        let values = filter.array
        func part(_ index: Int) -> [Float] {
            (0..<map.channels).flatMap { channel in
                (0..<columns).flatMap { column in
                    (0..<map.height).map { row in
                        values[((row * columns + column) * map.channels + channel) * 2 + index]
                    }
                }
            }
        }
        let size = [map.channels, columns, map.height]
        return (constant(name + ".real", size, part(0)), constant(name + ".imaginary", size, part(1)))
    }
}
