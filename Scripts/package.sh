#!/usr/bin/env bash
# Makes a program for Linux that needs no Swift and no installed libraries:
#
#   Scripts/package.sh [FOLDER]      # dist/hornbeam-<version>-linux-<processor>.tar.gz and its SHA-256
#
# Swift's libraries, and each system library that has an archive (.a), are linked into the program. What the linker still
# wants from outside, the C library apart, lies beside it in lib/, where the program looks first. Which libraries these are
# is asked of the program itself, so that a new one needs no change here. Everything the archive holds is tried before it
# is written. SOURCE_DATE_EPOCH and HORNBEAM_COMMIT are taken from git where they are not set.
set -euo pipefail

say() { printf 'package: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

project="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
[ "$(uname -s)" = Linux ] || fail "packages are made on Linux, this is $(uname -s)."
mkdir -p "${1:-$project/dist}"
target="$(cd "${1:-$project/dist}" && pwd)"
cd "$project"
Scripts/setup.sh
for tool in readelf ldd strip sha256sum tar gzip; do
    command -v "$tool" >/dev/null || fail "$tool is missing; it comes with binutils, libc-bin or coreutils."
done

# The day of the commit, so that the same sources give the same program on any day.
if git rev-parse --verify -q HEAD >/dev/null 2>&1; then
    export HORNBEAM_COMMIT="${HORNBEAM_COMMIT:-$(git rev-parse HEAD)}"
    export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"
    [ -z "$(git status --porcelain --untracked-files=no)" ] ||
        say "warning: the sources hold changes that are in no commit; the program will name the commit below them."
else
    say "there is no git here; HORNBEAM_COMMIT and SOURCE_DATE_EPOCH tell the program its commit and day."
fi
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(date +%s)}"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
scratch="$project/.build/package"
archives="$scratch/archives"
rm -rf "$archives" "$scratch/pkgconfig"
mkdir -p "$archives" "$scratch/pkgconfig"

# A folder of archives, still empty, comes before those of the system, whose shared libraries the linker would prefer; before
# those, too, that pkg-config names.
for package in $(swift package dump-package | sed -n 's/.*"pkgConfig" *: *"\(.*\)".*/\1/p'); do
    file="$(find /usr/lib /usr/share /usr/local -name "$package.pc" 2>/dev/null | head -1)"
    [ -z "$file" ] || sed "s|^Libs:|Libs: -L$archives|" "$file" >"$scratch/pkgconfig/$package.pc"
done
export PKG_CONFIG_PATH="$scratch/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"

# The archives once more at the end, in a group, because they need each other. DT_RPATH (no "new tags") also serves what the
# libraries in lib/ need themselves.
build() {
    local group=() archive
    for archive in "$archives"/*.a; do [ ! -e "$archive" ] || group+=(-Xlinker "$archive"); done
    [ ${#group[@]} -eq 0 ] || group=(-Xlinker --start-group "${group[@]}" -Xlinker --end-group)
    swift build -c release --product trainer --scratch-path "$scratch" --static-swift-stdlib \
        -Xswiftc -L -Xswiftc "$archives" \
        -Xlinker --disable-new-dtags -Xlinker -rpath -Xlinker "\$ORIGIN/lib" ${group[@]+"${group[@]}"} "$@"
}
program() { printf '%s/release/trainer' "$scratch"; }

# What the C library brings is part of every Linux system and must be its own.
of_the_system='^(linux-vdso|ld-linux.*|libc|libm|libmvec|libpthread|libdl|librt|libresolv|libutil|libanl|libnsl)\.so'

# The libraries a program or library names itself.
needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -Ev "$of_the_system" || true; }

# Where the loader finds a library of the program's.
located() { ldd "$1" | awk -v name="$2" '$1 == name && $3 ~ /^\// { print $3 }'; }

say "building with Swift's libraries inside, anew the first time"
build

# Each library's archive under every name that the linker may ask for: libpng16.a is also libpng.a.
linked=()
for library in $(needed "$(program)"); do
    place="$(located "$(program)" "$library")"
    [ -n "$place" ] || fail "$library is not found on this system."
    folder="$(dirname "$(readlink -f "$place")")"
    found=
    for name in "$folder"/lib*.so; do
        if [ "$(readlink -f "$name")" = "$(readlink -f "$place")" ] && [ -e "${name%.so}.a" ]; then
            ln -sf "${name%.so}.a" "$archives/"
            found=yes
        fi
    done
    [ -z "$found" ] || linked+=("$library")
done

# An archive does not say what it needs itself. One that cannot be linked is left out and taken along as it is.
relink() { rm -f "$(program)"; build >"$work/link.log" 2>&1; }
if [ ${#linked[@]} -gt 0 ] && ! relink; then
    say "not all archives can be linked, trying them one by one"
    mkdir "$work/all"
    mv "$archives"/* "$work/all/"
    for archive in "$work/all"/*; do
        mv "$archive" "$archives/"
        if ! relink; then
            say "$(basename "$archive") cannot be linked: $(grep -m 1 -i 'undefined' "$work/link.log" || echo 'see above')"
            mv "$archives/$(basename "$archive")" "$work/"
        fi
    done
    relink || { cat "$work/link.log" >&2; fail "the program cannot be linked."; }
fi
for library in ${linked[@]+"${linked[@]}"}; do
    if needed "$(program)" | grep -qxF "$library"; then say "$library stays a shared library, in lib/"; fi
done

version="$("$(program)" --version | awk '{ print $2 }')"
name="hornbeam-$version-linux-$(uname -m)"
root="$work/$name"
mkdir -p "$root/licences"
cp "$(program)" "$root/trainer"
strip "$root/trainer"
cp LICENSE README.md "$root/"
cp -R Configs "$root/"
mkdir "$root/Scripts" "$root/Scripts/weights"
cp Scripts/convert_checkpoint.py Scripts/program.py "$root/Scripts/"
cp Scripts/weights/*.py "$root/Scripts/weights/"

# Everything that is still wanted from outside, with what that needs in turn.
outside="$(ldd "$root/trainer" | awk '$3 ~ /^\// { print $1, $3 }' | grep -Ev "$of_the_system" || true)"
if [ -n "$outside" ]; then
    mkdir "$root/lib"
    while read -r library place; do
        cp -L "$place" "$root/lib/$library"
        strip --strip-unneeded "$root/lib/$library"
    done <<<"$outside"
fi

# The terms of what is inside. dpkg knows whose a file is; elsewhere the list of names has to do.
copyright() {
    local package
    package="$(dpkg -S "$(readlink -f "$1")" 2>/dev/null | head -1 | cut -d: -f1)" || true
    if [ -n "$package" ] && [ -e "/usr/share/doc/$package/copyright" ]; then
        cp -L "/usr/share/doc/$package/copyright" "$root/licences/$package.txt"
    fi
}
for archive in "$archives"/*.a; do [ ! -e "$archive" ] || copyright "$archive"; done
while read -r _ place; do [ -z "$place" ] || copyright "$place"; done <<<"$outside"
[ ! -e /usr/share/common-licenses/GPL-3 ] || cp /usr/share/common-licenses/GPL-3 "$root/licences/GPL-3.txt"
cat >"$root/licences/README.txt" <<EOF
Hornbeam's sources are under the Apache License 2.0 (../LICENSE). This program has FFTW linked into it, which is under the
GNU General Public License, version 2 or later. As a whole it therefore comes under the GNU General Public License,
version 3 (GPL-3.txt), the version that the Apache License is compatible with. Its sources are those of Hornbeam at the
commit that 'trainer --version' names, and those of the libraries below.

The embedded digits are the UCI "Optical Recognition of Handwritten Digits" data by E. Alpaydin and C. Kaynak, CC BY 4.0.

Linked into the program: Swift's own libraries (Apache License 2.0 with Runtime Library Exception), Yams with LibYAML (MIT),
swift-argument-parser (Apache License 2.0 with Runtime Library Exception)$(
    for archive in "$archives"/*.a; do [ ! -e "$archive" ] || printf ', %s' "$(basename "$archive" .a)"; done)
Beside it in lib/: $(ls "$root/lib" 2>/dev/null | paste -sd ' ' || true)
EOF

# What it needs of the system, and whether it works with nothing else.
newest="$(for file in "$root/trainer" "$root"/lib/*; do [ ! -e "$file" ] || readelf -V "$file"; done |
    grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1)"
missing="$(env -i "$(command -v ldd)" "$root/trainer" | grep -v "$root" | awk '/=>/ { print $1 }' | grep -Ev "$of_the_system" || true)"
[ -z "$missing" ] || fail "the packaged program still takes from the system: $missing"
(cd "$work" && env -i PATH=/nowhere "$root/trainer" --version >/dev/null &&
    env -i "$root/trainer" train "$root/Configs/digits.yaml" --set training.epochs=1 --output "$work/try" >/dev/null) ||
    fail "the packaged program does not run."

tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -C "$work" -cf - "$name" |
    gzip -n9 >"$target/$name.tar.gz"
(cd "$target" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
"$root/trainer" --version
echo "linked into it: $(ls "$archives" | sed 's/\.a$//' | paste -sd ' ')"
echo "beside it in lib/: $(ls "$root/lib" 2>/dev/null | paste -sd ' ')"
echo "of the system: the C library, ${newest/_/ } or newer"
echo "written to $target/$name.tar.gz ($(du -h "$target/$name.tar.gz" | cut -f1)), SHA-256 $(cut -c1-64 "$target/$name.tar.gz.sha256")"
