import CFFTW

/// The half spectra of single channels, one plain real transform each: what the packed transforms of `Float` are held
/// against.
private struct PlaneTransform {
    let sizes: GlobalFilterSizes
    let forward: OpaquePointer
    let inverse: OpaquePointer

    init(_ sizes: GlobalFilterSizes) {
        self.sizes = sizes
        forward = FourierPlans.plan(.realDouble(height: sizes.height, width: sizes.width, inverse: false))
        inverse = FourierPlans.plan(.realDouble(height: sizes.height, width: sizes.width, inverse: true))
    }

    /// rfft2 of one channel of one image, without a factor: (re, im) of each bin.
    func spectrum(_ x: UnsafePointer<Double>, _ image: Int, _ channel: Int) -> Storage<Double> {
        let plane = Storage<Double>(count: sizes.positions)
        let result = Storage<Double>(count: 2 * sizes.bins)
        let first = x + image * sizes.positions * sizes.channels + channel
        for i in 0..<sizes.positions { plane.pointer[i] = first[i * sizes.channels] }
        fftw_execute_dft_r2c(forward, plane.pointer, FourierPlans.complex(result.pointer))
        return result
    }

    /// irfft2 of a spectrum, times both ortho factors, into one channel of one image; destroys the spectrum.
    func write(_ spectrum: Storage<Double>, _ y: UnsafeMutablePointer<Double>, _ image: Int, _ channel: Int) {
        let plane = Storage<Double>(count: sizes.positions)
        fftw_execute_dft_c2r(inverse, FourierPlans.complex(spectrum.pointer), plane.pointer)
        let first = y + image * sizes.positions * sizes.channels + channel
        for i in 0..<sizes.positions { first[i * sizes.channels] = sizes.scale * plane.pointer[i] }
    }

    /// spectrum times k or conj(k) of one channel, in place.
    func multiply(_ spectrum: Storage<Double>, _ k: UnsafePointer<Double>, _ channel: Int, conjugating: Bool) {
        for bin in 0..<sizes.bins {
            let (re, im) = (spectrum.pointer[2 * bin], spectrum.pointer[2 * bin + 1])
            let kRe = k[2 * (bin * sizes.channels + channel)]
            let kIm = k[2 * (bin * sizes.channels + channel) + 1] * (conjugating ? -1 : 1)
            spectrum.pointer[2 * bin] = re * kRe - im * kIm
            spectrum.pointer[2 * bin + 1] = re * kIm + im * kRe
        }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: GlobalFilterKernels {
    public static func globalFilter(
        _ x: UnsafePointer<Double>, _ k: UnsafePointer<Double>, conjugating: Bool, _ y: UnsafeMutablePointer<Double>,
        _ sizes: GlobalFilterSizes
    ) {
        let transform = PlaneTransform(sizes)
        parallelFor(sizes.images * sizes.channels, grain: 16) { planes in
            for plane in planes {
                let (image, channel) = (plane / sizes.channels, plane % sizes.channels)
                let spectrum = transform.spectrum(x, image, channel)
                transform.multiply(spectrum, k, channel, conjugating: conjugating)
                transform.write(spectrum, y, image, channel)
            }
        }
    }

    public static func globalFilterGradients(
        _ x: UnsafePointer<Double>, _ k: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
        dx: UnsafeMutablePointer<Double>?, dk: UnsafeMutablePointer<Double>, _ sizes: GlobalFilterSizes
    ) {
        let transform = PlaneTransform(sizes)
        parallelFor(sizes.channels, grain: 1) { channels in
            for channel in channels {
                func entry(_ bin: Int) -> UnsafeMutablePointer<Double> { dk + 2 * (bin * sizes.channels + channel) }
                for bin in 0..<sizes.bins { (entry(bin)[0], entry(bin)[1]) = (0, 0) }
                for image in 0..<sizes.images {
                    let inputs = transform.spectrum(x, image, channel)
                    let gradients = transform.spectrum(g, image, channel)
                    for bin in 0..<sizes.bins {
                        let factor = sizes.scale * (sizes.isSelfPaired(bin % sizes.columns) ? 1 : 2)
                        let (re, im) = (inputs.pointer[2 * bin], inputs.pointer[2 * bin + 1])
                        let (gRe, gIm) = (gradients.pointer[2 * bin], gradients.pointer[2 * bin + 1])
                        entry(bin)[0] += factor * (gRe * re + gIm * im)
                        entry(bin)[1] += factor * (gIm * re - gRe * im)
                    }
                    guard let dx else { continue }
                    transform.multiply(gradients, k, channel, conjugating: true)
                    transform.write(gradients, dx, image, channel)
                }
            }
        }
    }

    public static func blend(
        _ rows: (UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>),
        _ weights: (Double, Double, Double, Double), _ y: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        for i in 0..<count {
            y[i] = weights.0 * rows.0[i] + weights.1 * rows.1[i] + weights.2 * rows.2[i] + weights.3 * rows.3[i]
        }
    }

    public static func addScaled(
        _ x: UnsafePointer<Double>, _ scale: Double, _ y: UnsafeMutablePointer<Double>, _ count: Int
    ) { for i in 0..<count { y[i] += scale * x[i] } }
}
