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
        .regionsAligned(
            [self], regions, levels: [Int](repeating: 0, count: regions.shape[0]), size: size, scales: [scale],
            samples: samples, aligned: aligned)
    }

    /// The same for regions of several maps of one number of channels, each of which has a scale of its own.
    ///
    /// Gradients as above, for each map from its own regions. The result is computed again where it is needed: it is larger
    /// than the maps.
    ///
    /// - Parameter levels: of each region the map that it is cut out of; there is at least one of each.
    package static func regionsAligned(
        _ maps: [Variable], _ regions: Tensor<S>, levels: [Int], size: Pair, scales: [Double], samples: Int = 0,
        aligned: Bool = true
    ) -> Variable {
        let name = Operation.regionAligned.name
        let shapes = maps.map(\.shape)
        require(
            shapes.allSatisfy { map in
                map.rank == 4 && map[1] >= 1 && map[2] >= 1 && map[3] == shapes[0][3] && map[0] == shapes[0][0]
            }
                && regions.shape.rank == 2 && regions.shape[1] == 5, name, shapes + [regions.shape],
            "the maps must be [images, height, width, channels] and the regions [.., 5]")
        require(
            size.height >= 1 && size.width >= 1 && samples >= 0 && scales.count == maps.count
                && scales.allSatisfy { $0 > 0 && $0.isFinite }, name, shapes,
            "the size \(size) and the scales \(scales) must be positive, the samples \(samples) not negative")
        let images = regions.imagesOfRegions
        if let wrong = images.first(where: { !(0..<shapes[0][0] ~= $0) }) {
            brokenRule(
                name, shapes + [regions.shape], "the image \(wrong) of a region must lie in 0..<\(shapes[0][0])")
        }
        require(
            levels.count == images.count && levels.allSatisfy(maps.indices.contains), name, shapes + [regions.shape],
            "each region must be of one of the maps")
        let rows = maps.indices.map { map in levels.indices.filter { levels[$0] == map } }
        let rules = scales.map { RegionRule(size: size, scale: $0, samples: samples, isAligned: aligned) }
        let values = maps.map(\.value)
        func cut() -> Tensor<S> {
            Tensor([images.count, size.height, size.width, shapes[0][3]]) { y in
                for (map, own) in rows.enumerated() {
                    values[map].alignRegions(own, of: regions, images: images, rules[map], into: y)
                }
            }
        }
        return record(.regionAligned, maps, cut()) { g, needs in
            shapes.indices.map { map in
                needs[map]
                    ? g.alignedRegionsGradient(
                        rows[map], of: regions, images: images, rules[map], input: shapes[map]) : nil
            }
        }.recomputed(staysMade: false, cut)
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
        GradientCheck("regionAligned/two maps", [[2, 6, 5, 2], [2, 3, 3, 2]]) { maps in
            let corners: [[Double]] = [[0, 1, 2, 5, 6], [1, 0, 0, 9, 8], [0, 2, 1, 4, 7]]
            return [
                .regionsAligned(
                    maps, Tensor([3, 5], corners.flatMap { $0 }), levels: [0, 1, 0], size: 2, scales: [0.5, 0.25],
                    samples: 2)
            ]
        },
        regions("/size 1", [1, 1, 1, 1], [[0, 0, 0, 1, 1]], size: 1, scale: 1),
    ]
}
