import Tensors

extension Operation { package static let regionAligned = Operation("regionAligned") }

extension Variable {
    /// RoIAlign: from maps self [N, H, W, C] the regions [R, 5], each the row of its image in the batch, then left, top,
    /// right and bottom, which `scale` takes to the map's pixels -> [R, size.height, size.width, C], the mean over
    /// samples within each bin. Samples are read by bilinear interpolation; those further than a pixel outside count as
    /// zero. He et al., arXiv 1703.06870, section 3.
    ///
    /// Gradient: g, times the share that each pixel has in a bin, added where it was read, region after region; none for
    /// the regions.
    ///
    /// - Parameters:
    ///   - samples: along each axis of a bin; 0 for as many as the bin has pixels, rounded up.
    ///   - aligned: whether the centre of the first pixel is at 0.5, and regions may be smaller than a pixel; otherwise it
    ///     is at 0, and they are one pixel wide at least, as in the first implementation.
    public func regionAligned(
        _ regions: Tensor<S>, size: Pair, scale: Double, samples: Int = 0, aligned: Bool = true
    ) -> Variable {
        let name = Operation.regionAligned.name
        require(
            shape.rank == 4 && shape[1] >= 1 && shape[2] >= 1 && regions.shape.rank == 2 && regions.shape[1] == 5,
            name, [shape, regions.shape],
            "the maps must be [images, height, width, channels] and the regions [.., 5]")
        require(
            size.height >= 1 && size.width >= 1 && samples >= 0 && scale > 0 && scale.isFinite, name, [shape],
            "the size \(size) and the scale \(scale) must be positive, the samples \(samples) not negative")
        let images = regions.imagesOfRegions
        if let wrong = images.first(where: { !(0..<shape[0] ~= $0) }) {
            brokenRule(name, [shape, regions.shape], "the image \(wrong) of a region must lie in 0..<\(shape[0])")
        }
        let (x, rule) = (value, RegionRule(size: size, scale: scale, samples: samples, isAligned: aligned))
        return Self.record(.regionAligned, [self], x.alignedRegions(regions, images: images, rule)) { g, _ in
            [g.alignedRegionsGradient(regions, images: images, rule, input: x.shape)]
        }
    }
}

extension GradientCheck {
    private static func regions(
        _ name: String, _ input: Shape, _ corners: [[Double]], size: Pair, scale: Double = 0.5, samples: Int = 0,
        aligned: Bool = true
    ) -> GradientCheck {
        GradientCheck("regionAligned" + name, [input]) {
            [
                $0[0].regionAligned(
                    Tensor([corners.count, 5], corners.flatMap { $0 }), size: size, scale: scale, samples: samples,
                    aligned: aligned)
            ]
        }
    }

    static let regionAligned: [GradientCheck] = [
        regions("", [2, 5, 6, 3], [[1, 0.5, 1, 9, 7.25], [0, 2, 2, 4, 5], [1, 3, 1, 8, 9]], size: 2),
        regions("/not aligned, two samples", [1, 6, 5, 2], [[0, 1, 2, 6, 9]], size: 3, samples: 2, aligned: false),
        regions("/partly outside", [1, 4, 4, 2], [[0, -5, -3, 5, 14], [0, 40, 2, 60, 4]], size: Pair(2, 3)),
        regions("/no size", [1, 4, 4, 2], [[0, 3, 3, 3, 3]], size: 2, samples: 1),
        regions("/size 1", [1, 1, 1, 1], [[0, 0, 0, 1, 1]], size: 1, scale: 1),
    ]
}
