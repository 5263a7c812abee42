#!/usr/bin/env bash
# Lists every dependency in docs/dependencies.md with its version, licence and use. Fails on an unlisted one that is
# used by scripts/deps.sh, the tests' requirements, an #include in src or the finished program. scripts/audit.sh
# [PROGRAM]
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

program=${1:-build/release/sluice}
table=docs/dependencies.md
rows=$(sed -nE 's/^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|.*/\1|\2|\3/p' "$table" | grep -v '^package|')
unlisted=()

version_of() {
  local name=$1
  case $name in
    *' (npm)') sed -nE "s#.*\"${name% (npm)}\": \"([^\"]+)\".*#\1#p" tests/e2e/package.json ;;
    *) dpkg-query -W -f '${Version}' "$name" 2>/dev/null || sed -nE "s/^$name==//p" tests/e2e/requirements.txt ;;
  esac
}

printf '%-24s %-28s %-38s %s\n' dependency version licence use
while IFS='|' read -r name licence use; do
  version=$(version_of "$name")
  printf '%-24s %-28s %-38s %s\n' "$name" "${version:-not installed}" "$licence" "$use"
done <<<"$rows"

listed() { cut -d'|' -f1 <<<"$rows" | grep -qxF -- "$1"; }
expect() { listed "$1" || unlisted+=("$1 ($2)"); }
# A library's packages (headers, runtime) come from one source package.
source_of() { dpkg-query -W -f '${source:Package}\n' "$1" 2>/dev/null | head -1; }
listed_sources=$(while IFS='|' read -r name _; do source_of "$name" || true; done <<<"$rows"; echo gcc-12; echo glibc)
expect_file() {  # expects a package's file to be listed
  local package
  # A package may know the file by a path through a symbolic link (/lib for /usr/lib).
  package=$({ dpkg -S "$(realpath "$1")" || dpkg -S "*/$(basename "$(realpath "$1")")"; } 2>/dev/null | head -1 | cut -d: -f1) || true
  [ -n "$package" ] || { unlisted+=("$1 ($2): of no package"); return; }
  grep -qxF -- "$(source_of "$package")" <<<"$listed_sources" || unlisted+=("$package ($2: $1)")
}

for entry in $(tr '\n' ' ' <scripts/deps.sh | grep -oE '(wanted|missing)\+?=\([^)"]*\)' | sed -E 's/.*\((.*)\)/\1/'); do
  expect "${entry%%=*}" scripts/deps.sh
done
while IFS= read -r name; do expect "$name" tests/e2e/requirements.txt; done < <(sed -nE 's/^([A-Za-z0-9_.-]+)==.*/\1/p' tests/e2e/requirements.txt)
while IFS= read -r name; do expect "$name (npm)" tests/e2e/package.json; done < <(sed -nE '/"dependencies"/,/}/s/^ +"([^"]+)": "[0-9].*/\1/p' tests/e2e/package.json)

# Headers with a folder or an extension; the C++ library's have neither.
while IFS= read -r header; do
  for folder in /usr/include /usr/include/x86_64-linux-gnu /usr/include/aarch64-linux-gnu /usr/share/include/llhttp /usr/share/llhttp /usr/lib/gcc/*/*/include; do
    if [ -e "$folder/$header" ]; then
      expect_file "$folder/$header" "#include <$header>"
      continue 2
    fi
  done
  unlisted+=("#include <$header>: not found")
done < <(grep -rhoE '#include <[^>]+>' src include | sed -E 's/#include <(.*)>/\1/' | grep -E '[./]' | sort -u)

if [ -x "$program" ]; then
  while IFS= read -r library; do expect_file "$library" "$program"; done < <(ldd "$program" | sed -nE 's/.*=> (\/[^ ]+) .*/\1/p')
else
  echo "no $program: what it links with is not looked at" >&2
fi

if [ ${#unlisted[@]} -gt 0 ]; then
  printf 'not listed in %s:\n' "$table" >&2
  printf '  %s\n' "${unlisted[@]}" >&2
  exit 1
fi
