#!/usr/bin/env bash
# Installs what the system lacks to build Hornbeam: with apt or Homebrew where it may, else it says what is missing.
set -euo pipefail

missing=()
say() { printf '%s\n' "$*" >&2; }

if ! command -v swift >/dev/null 2>&1; then
    say "setup: Swift is missing. Install Swift 6.0 or newer from https://www.swift.org/install and run this again."
    exit 1
fi

case "$(uname -s)" in
Linux)
    packages=(libfftw3-dev libdnnl-dev libjpeg-dev libpng-dev libwebp-dev zlib1g-dev)
    headers=(fftw3.h dnnl.h jpeglib.h png.h webp/decode.h zlib.h)
    compiler="$(command -v cc || command -v clang || echo cc)" # Swift brings clang where there is no other
    for i in "${!packages[@]}"; do
        if ! echo "#include <stdio.h>
#include <${headers[$i]}>" | "$compiler" -E -x c - >/dev/null 2>&1; then
            missing+=("${packages[$i]}")
        fi
    done
    if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
    root=()
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then root=(sudo); else root=(none); fi
    fi
    if ! command -v apt-get >/dev/null 2>&1; then
        say "setup: this system has no apt. Install the development files of: FFTW 3 (single and double precision)," \
            "oneDNN 2 or newer, libjpeg-turbo, libpng, libwebp, zlib. Missing by their Debian names: ${missing[*]}"
        exit 1
    fi
    if [ "${root[0]:-}" = none ]; then
        say "setup: these packages are missing: ${missing[*]}"
        say "setup: install them with: sudo apt-get install ${missing[*]}"
        exit 1
    fi
    say "setup: installing ${missing[*]}"
    "${root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
    ;;
Darwin)
    if ! command -v brew >/dev/null 2>&1; then
        say "setup: Homebrew is missing. Install it, or install fftw, onednn, jpeg-turbo, libpng and webp another way."
        exit 1
    fi
    for package in fftw onednn jpeg-turbo libpng webp; do
        brew list --formula "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    if [ ${#missing[@]} -gt 0 ]; then brew install "${missing[@]}"; fi
    ;;
*)
    say "setup: $(uname -s) is not supported, expected Linux or macOS."
    exit 1
    ;;
esac
