# Hornbeam in a container. From the repository's root:
#
#   docker build -t hornbeam .
#   docker run --rm hornbeam                                        # the quick start, handwritten digits
#   docker run --rm -v "$PWD:/work" hornbeam train config.yaml      # yours; results in ./Runs
#
# The commit for `trainer --version` comes from .git, or from --build-arg COMMIT=... where that is not at hand.
ARG SWIFT=6.3-bookworm
ARG DEBIAN=bookworm-slim

FROM swift:${SWIFT} AS build
WORKDIR /hornbeam
# Before the sources, so that a change of these does not install again.
COPY Scripts/setup.sh Scripts/setup.sh
RUN Scripts/setup.sh
COPY . .
ARG COMMIT=
RUN if [ -n "$COMMIT" ]; then export HORNBEAM_COMMIT="$COMMIT"; fi; Scripts/package.sh /dist
RUN mkdir /opt/hornbeam && tar -xzf /dist/hornbeam-*.tar.gz --strip-components=1 -C /opt/hornbeam

# The same Debian as the builder's, or a newer one: the C library must not be older.
FROM debian:${DEBIAN}
COPY --from=build /opt/hornbeam /opt/hornbeam
ENV PATH=/opt/hornbeam:$PATH
WORKDIR /work
ENTRYPOINT ["trainer"]
CMD ["train", "/opt/hornbeam/Configs/digits.yaml"]
