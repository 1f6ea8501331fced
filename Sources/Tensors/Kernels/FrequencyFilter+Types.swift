import CFFTW
import CKernels

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: FrequencyFilterKernels {
    private static func plan(_ sizes: hb_frequencies, inverse: Bool) -> OpaquePointer {
        FourierPlans.plan(
            .complexFloat(height: sizes.height, width: sizes.width, count: sizes.pairs, inverse: inverse))
    }

    public static func halfSpectrum(
        _ x: UnsafePointer<Float>, _ sizes: hb_frequencies, other: Float, into rows: UnsafeMutablePointer<Float>
    ) {
        let elements = 2 * sizes.positions * sizes.pairs
        let (map, spectrum) = (Storage<Float>(count: elements), Storage<Float>(count: elements))
        let room = Storage<Float>(count: 2 * (sizes.channels + 1))
        withUnsafePointer(to: sizes) { s in
            hb_frequency_gather(x, s, map.pointer)
            fftwf_execute_dft(
                plan(sizes, inverse: false), FourierPlans.complex(map.pointer), FourierPlans.complex(spectrum.pointer))
            let scale = Float(sizes.scale)
            hb_frequency_rows(spectrum.pointer, s, scale, scale * other, room.pointer, rows)
        }
        withExtendedLifetime((map, spectrum, room)) {}
    }

    public static func addMap(
        _ rows: UnsafePointer<Float>, _ sizes: hb_frequencies, other: Float, to x: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>
    ) {
        let elements = 2 * sizes.positions * sizes.pairs
        let (map, spectrum) = (Storage<Float>(count: elements), Storage<Float>(count: elements))
        let room = Storage<Float>(count: 4 * (sizes.channels + 1))
        withUnsafePointer(to: sizes) { s in
            hb_frequency_packed(rows, s, other, room.pointer, spectrum.pointer)
            fftwf_execute_dft(
                plan(sizes, inverse: true), FourierPlans.complex(spectrum.pointer), FourierPlans.complex(map.pointer))
            hb_frequency_add(x, map.pointer, Float(sizes.scale), s, y)
        }
        withExtendedLifetime((map, spectrum, room)) {}
    }

    public static func rectify(_ x: UnsafeMutablePointer<Float>, _ count: Int) { hb_frequency_rectify(x, count) }

    public static func rectifiedGradient(_ y: UnsafePointer<Float>, _ g: UnsafeMutablePointer<Float>, _ count: Int) {
        hb_frequency_rectified_gradient(y, g, count)
    }

    public static func filterFrequencies(
        _ s: UnsafeMutablePointer<Float>, _ z: UnsafePointer<Float>, threshold: Float, _ sizes: hb_frequencies,
        rows: Int
    ) { withUnsafePointer(to: sizes) { hb_frequency_filter(s, z, threshold, $0, rows, s) } }

    public static func filterFrequenciesGradient(
        _ s: UnsafePointer<Float>, _ z: UnsafeMutablePointer<Float>, _ d: UnsafeMutablePointer<Float>,
        threshold: Float, _ sizes: hb_frequencies, rows: Int
    ) { withUnsafePointer(to: sizes) { hb_frequency_filter_gradient(s, z, d, threshold, $0, rows) } }
}

extension hb_frequencies {
    /// Where the real part of a channel stands in a row; its imaginary part follows after a block.
    fileprivate func place(_ channel: Int) -> Int { channel / block * 2 * block + channel % block }

    /// Calls `body` with the places of both parts of each element of some rows.
    fileprivate func eachNumber(rows: Int, _ body: (_ re: Int, _ im: Int) -> Void) {
        for row in 0..<rows {
            for channel in 0..<channels {
                let at = row * 2 * channels + place(channel)
                body(at, at + block)
            }
        }
    }
}

// One plain real transform for each channel.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: FrequencyFilterKernels {
    public static func halfSpectrum(
        _ x: UnsafePointer<Double>, _ sizes: hb_frequencies, other: Double, into rows: UnsafeMutablePointer<Double>
    ) {
        let plan = FourierPlans.plan(.realDouble(height: sizes.height, width: sizes.width, inverse: false))
        let plane = Storage<Double>(count: sizes.positions)
        let spectrum = Storage<Double>(count: 2 * sizes.bins)
        for channel in 0..<sizes.channels {
            for i in 0..<sizes.positions { plane.pointer[i] = x[i * sizes.channels + channel] }
            fftw_execute_dft_r2c(plan, plane.pointer, FourierPlans.complex(spectrum.pointer))
            for bin in 0..<sizes.bins {
                let factor = sizes.scale * (sizes.isSelfPaired(bin % sizes.columns) ? 1 : other)
                let at = bin * 2 * sizes.channels + sizes.place(channel)
                rows[at] = factor * spectrum.pointer[2 * bin]
                rows[at + sizes.block] = factor * spectrum.pointer[2 * bin + 1]
            }
        }
    }

    public static func addMap(
        _ rows: UnsafePointer<Double>, _ sizes: hb_frequencies, other: Double, to x: UnsafePointer<Double>,
        into y: UnsafeMutablePointer<Double>
    ) {
        let plan = FourierPlans.plan(.realDouble(height: sizes.height, width: sizes.width, inverse: true))
        let plane = Storage<Double>(count: sizes.positions)
        let spectrum = Storage<Double>(count: 2 * sizes.bins)
        for channel in 0..<sizes.channels {
            for bin in 0..<sizes.bins {
                let factor = sizes.scale * (sizes.isSelfPaired(bin % sizes.columns) ? 1 : other)
                let at = bin * 2 * sizes.channels + sizes.place(channel)
                spectrum.pointer[2 * bin] = factor * rows[at]
                spectrum.pointer[2 * bin + 1] = factor * rows[at + sizes.block]
            }
            fftw_execute_dft_c2r(plan, FourierPlans.complex(spectrum.pointer), plane.pointer)
            for i in 0..<sizes.positions {
                y[i * sizes.channels + channel] = x[i * sizes.channels + channel] + plane.pointer[i]
            }
        }
    }

    public static func rectify(_ x: UnsafeMutablePointer<Double>, _ count: Int) {
        for i in 0..<count { x[i] = max(x[i], 0) }
    }

    public static func rectifiedGradient(_ y: UnsafePointer<Double>, _ g: UnsafeMutablePointer<Double>, _ count: Int) {
        for i in 0..<count where y[i] <= 0 { g[i] = 0 }
    }

    private static func shrunk(_ z: Double, _ threshold: Double) -> Double {
        z > threshold ? z - threshold : z < -threshold ? z + threshold : 0
    }

    public static func filterFrequencies(
        _ s: UnsafeMutablePointer<Double>, _ z: UnsafePointer<Double>, threshold: Double, _ sizes: hb_frequencies,
        rows: Int
    ) {
        sizes.eachNumber(rows: rows) { re, im in
            let (a, b) = (shrunk(z[re], threshold), shrunk(z[im], threshold))
            (s[re], s[im]) = (a * s[re] - b * s[im], a * s[im] + b * s[re])
        }
    }

    public static func filterFrequenciesGradient(
        _ s: UnsafePointer<Double>, _ z: UnsafeMutablePointer<Double>, _ d: UnsafeMutablePointer<Double>,
        threshold: Double, _ sizes: hb_frequencies, rows: Int
    ) {
        sizes.eachNumber(rows: rows) { re, im in
            let (a, b) = (shrunk(z[re], threshold), shrunk(z[im], threshold))
            z[re] = a != 0 ? s[re] * d[re] + s[im] * d[im] : 0
            z[im] = b != 0 ? s[re] * d[im] - s[im] * d[re] : 0
            (d[re], d[im]) = (a * d[re] + b * d[im], a * d[im] - b * d[re])
        }
    }
}
