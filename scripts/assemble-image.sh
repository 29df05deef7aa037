#!/bin/sh
# Assembles the folder that the image of one service holds. The Dockerfile runs the first three steps as layers of
# their own; "all" runs them in a row, so that a machine without containers can start exactly what an image starts.
#   assemble-image.sh manifests SOURCE FOLDER          every package.json, the lock file, npm's settings
#   assemble-image.sh packages FOLDER SERVICE          what the service depends on, and the links to our own packages
#   assemble-image.sh sources SOURCE FOLDER SERVICE    its code and that of our packages it uses, without tests
#   assemble-image.sh all SOURCE FOLDER SERVICE        the three
# SERVICE is a folder below services/, or one beside it such as operator. Needs node, npm, tar; Node itself comes from
# the base image, so the npm package `node`, a development dependency, is never in FOLDER.
set -eu

die() { echo "assemble-image: $*" >&2; exit 1; }

# workspace_of FOLDER SERVICE: where the service's package.json lies, relative to the root
workspace_of() {
  for place in "services/$2" "$2"; do
    if [ -n "$2" ] && [ -f "$1/$place/package.json" ]; then echo "$place"; return; fi
  done
  die "there is no service \"$2\": give --build-arg SERVICE=booking, or another folder of services/, or operator"
}

# Names and folders of our own packages that the one in folder $2 of root $1 needs in production, itself included.
own_packages() {
  node -e '
    const { existsSync, lstatSync, readFileSync, readdirSync, realpathSync } = require("node:fs");
    const { join, relative } = require("node:path");
    const [root, first] = process.argv.slice(1);
    const read = (folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const modules = join(root, "node_modules");
    const names = readdirSync(modules).flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(modules, name)).map((part) => `${name}/${part}`) : [name]);
    const links = new Map(names.filter((name) => lstatSync(join(modules, name)).isSymbolicLink())
      .map((name) => [name, relative(realpathSync(root), realpathSync(join(modules, name)))]));
    const wanted = new Map([[read(first).name, first]]);
    for (const [, folder] of wanted)
      for (const name of Object.keys(read(folder).dependencies ?? {}))
        if (links.has(name)) wanted.set(name, links.get(name));
    for (const [name, folder] of wanted) console.log(`needed ${name} ${folder}`);
    for (const [name, folder] of links) if (!wanted.has(name)) console.log(`unneeded ${name} ${folder}`);
  ' "$1" "$2"
}

copy_manifests() {
  source=$1 folder=$2
  mkdir -p "$folder"
  (cd "$source" && find . -maxdepth 3 \( -name node_modules -o -name '.?*' -type d \) -prune -o -name package.json -print) |
    tar -C "$source" -cf - -T - ./package-lock.json ./.npmrc ./scripts/assemble-image.sh | tar -C "$folder" -xf -
}

install_packages() {
  folder=$1
  workspace=$(workspace_of "$1" "$2")
  # No package that runs in production needs its install script (a tidy test lists those that have one).
  (cd "$folder" && npm ci --omit=dev --workspace "$workspace" --ignore-scripts --no-audit --no-fund --loglevel=error)
  own_packages "$folder" "$workspace" >"$folder/.own-packages"
  while read -r kind name _; do
    if [ "$kind" = unneeded ]; then rm "$folder/node_modules/$name"; fi
  done <"$folder/.own-packages"
  # Types and source maps are for people who write code, and Node runs no TypeScript of others; half of what is installed.
  find "$folder" -path '*/node_modules/*' -type f \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' \) -delete
  find "$folder" -path '*/node_modules/@types' -prune -exec rm -rf {} +
}

copy_sources() {
  source=$1 folder=$2
  workspace=$(workspace_of "$2" "$3")
  # What is left of the other manifests belongs to nobody here.
  find "$folder" -name node_modules -prune -o -name package.json -exec rm {} +
  sed -n 's/^unneeded [^ ]* //p' "$folder/.own-packages" | while read -r place; do rm -rf "${folder:?}/$place"; done
  sed -n 's/^needed [^ ]* //p' "$folder/.own-packages" | while read -r place; do
    (cd "$source" && find "./$place" \( -name node_modules -o -name test -o -name '*.test.ts' -o -name '*.md' \) -prune \
      -o -type f -print)
  done | tar -C "$source" -cf - -T - | tar -C "$folder" -xf -
  rm -rf "$folder/package-lock.json" "$folder/.npmrc" "$folder/scripts" "$folder/.own-packages"
  find "$folder" -depth -type d -empty -delete
  [ -f "$folder/$workspace/src/main.ts" ] || die "$workspace has no src/main.ts to start"
  # What the image starts when nothing else is named; Node looks at where the link leads.
  ln -sf "$workspace/src/main.ts" "$folder/main.ts"
  chmod -R a+rX "$folder"
}

case ${1:-} in
manifests) [ $# -eq 3 ] || die 'usage: manifests SOURCE FOLDER'; copy_manifests "$2" "$3" ;;
packages) [ $# -eq 3 ] || die 'usage: packages FOLDER SERVICE'; install_packages "$2" "$3" ;;
sources) [ $# -eq 4 ] || die 'usage: sources SOURCE FOLDER SERVICE'; copy_sources "$2" "$3" "$4" ;;
all)
  [ $# -eq 4 ] || die 'usage: all SOURCE FOLDER SERVICE'
  copy_manifests "$2" "$3"
  install_packages "$3" "$4"
  copy_sources "$2" "$3" "$4" ;;
*) die 'usage: manifests|packages|sources|all, see the top of this file' ;;
esac
