#!/usr/bin/env bash
# Makes pages of all public declarations with DocC, which comes with Swift, and of the pages for library users:
#
#   Scripts/docs.sh [FOLDER]      # .build/documentation; then: python3 -m http.server -d FOLDER, /documentation/hornbeam
#   Scripts/docs.sh --check       # the pages for library users alone, in seconds: their links, and that all layers and
#                                 # operations have a line; programs on them are check-tutorial.sh's
#
# The package depends on no plug-in for it, so neither does one that depends on this package. FOLDER is made anew.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
check=""
level=error
[ "${1:-}" != --check ] || check=yes level=warning
output="${1:-.build/documentation}"
base="${DOCS_BASE:-}" # a path of the web server below which the pages will lie
if [ -z "$check" ] && [ -e "$output" ] && [ ! -e "$output/documentation" ] && [ -n "$(ls -A "$output")" ]; then
    echo "docs: $output holds something else, expected a new folder or pages made before." >&2
    exit 1
fi
command -v docc >/dev/null || { echo "docs: docc is missing; it lies beside swift in the toolchain's bin." >&2; exit 1; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

convert() { # NAME CATALOGUE? GRAPHS?
    docc convert ${2:+"$2"} ${3:+--additional-symbol-graph-dir "$3"} --fallback-display-name "$1" \
        --fallback-bundle-identifier "hornbeam.$1" --transform-for-static-hosting \
        --diagnostic-level "$level" ${check:+--warnings-as-errors} \
        ${base:+--hosting-base-path "$base"} --output-path "$work/$1.doccarchive"
}

# The landing page and the pages for library users. Their links to other pages of the repository become plain words.
pages="Tutorial AStep LayersAndOperations AddingAnOperation AddingABackbone AddingATask Architecture"
mkdir "$work/Hornbeam.docc"
cp Docs/Hornbeam.docc/* "$work/Hornbeam.docc/"
for page in $pages; do
    sed -E -e 's/^~~~/```/' \
        -e "s/\\[([^]]+)\\]\\((${pages// /|})\\.md\\)/<doc:\\2>/g" \
        -e 's/\[([^]]+)\]\([A-Za-z\/]+\.md(#[a-z-]+)?\)/\1/g' "Docs/$page.md" >"$work/Hornbeam.docc/$page.md"
done
echo "docs: Hornbeam" >&2
convert Hornbeam "$work/Hornbeam.docc"

if [ -n "$check" ]; then
    missing=""
    layers="$(grep -rhoE 'public struct [A-Za-z]+(<[^>]*>)?: [A-Za-z, ]*Layer\b' Sources/Layers | sed -E 's/public struct ([A-Za-z]+).*/\1/')"
    operations="$(grep -rhoE '^    public (static )?func [a-zA-Z0-9]+' Sources/Autograd/Operations | sed 's/.* //')"
    for name in $(sort -u <<<"$layers $operations" | tr ' ' '\n' | sort -u); do
        grep -qE "\`(Variable\.)?$name\b" Docs/LayersAndOperations.md || missing="$missing $name"
    done
    [ -z "$missing" ] || { echo "docs: Docs/LayersAndOperations.md has no line for:$missing" >&2; exit 1; }
    exit 0
fi

Scripts/setup.sh
swift build -c release
built="$(swift build -c release --show-bin-path)"
# The maps of the C modules that ours import.
maps=()
for map in Sources/*/module.modulemap "$built"/*.build/module.modulemap .build/checkouts/*/Sources/*/include/module.modulemap; do
    [ -e "$map" ] || continue
    maps+=(-Xcc "-fmodule-map-file=$map")
done
for folder in Sources/*/include; do maps+=(-Xcc -I -Xcc "$folder"); done

archives=("$work/Hornbeam.doccarchive")
target="$(swift -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p' | head -1)"
modules="$(sed -n '/^let libraries/,/^\]/p' Package.swift | grep -o '"[A-Za-z]*"' | tr -d '"')"
for module in $modules; do
    echo "docs: $module" >&2
    mkdir "$work/$module"
    swift symbolgraph-extract -module-name "$module" -target "$target" -I "$built/Modules" "${maps[@]}" \
        -minimum-access-level public -skip-synthesized-members -output-dir "$work/$module"
    convert "$module" "" "$work/$module"
    archives+=("$work/$module.doccarchive")
done
rm -rf "$output"
docc merge "${archives[@]}" --synthesized-landing-page-name Hornbeam --output-path "$output"
echo "docs: written to $output"
