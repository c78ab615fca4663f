#!/usr/bin/env python3
"""What the program is made of.

    tools/parts.py licenses          holds every package of Cargo.lock to the licenses that deny.toml allows; exit 1 if one is not
    tools/parts.py sbom PROGRAM      writes a list of the program's parts to standard output: CycloneDX 1.5, JSON

The list says the same for the same source, compiler and program: it has no date, and its serial number is made from its contents.
"""

import functools, hashlib, json, re, subprocess, sys, tomllib, uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def cargo(*arguments):
    return subprocess.check_output(["cargo", *arguments], cwd=ROOT, text=True)


@functools.cache
def host():
    return re.search(r"^host: (\S+)$", subprocess.check_output(["rustc", "-vV"], text=True), re.M)[1]


def metadata(*more):
    return json.loads(cargo("metadata", "--format-version", "1", "--locked", *more))


def spdx(package):
    """The license as SPDX writes it; older packages write `/` for OR."""
    return (package["license"] or "").replace("/", " OR ")


def holds(expression, allowed):
    """Whether an SPDX expression holds where these licenses are allowed. AND binds closer than OR."""
    words = re.findall(r"\(|\)|[^\s()]+", re.sub(r"(\S+) WITH (\S+)", r"\1-WITH-\2", expression))

    def one():
        word = words.pop(0)
        if word != "(":
            return word in allowed
        inner = either()
        assert words.pop(0) == ")", expression
        return inner

    def all_of():
        value = one()
        while words and words[0] == "AND":
            words.pop(0)
            value = one() and value
        return value

    def either():
        value = all_of()
        while words and words[0] == "OR":
            words.pop(0)
            value = all_of() or value
        return value

    if not words:
        return False
    value = either()
    assert not words, expression
    return value


def check_licenses():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())["licenses"]
    allowed, wrong, needed = set(rules["allow"]), [], set()
    exceptions = {e["crate"]: set(e["allow"]) for e in rules["exceptions"]}
    packages = metadata("--all-features")["packages"]
    for package in packages:
        expression, own = spdx(package), exceptions.get(package["name"], set())
        needed |= {l for l in allowed if l in expression and not holds(expression, (allowed - {l}) | own)}
        if not holds(expression, allowed | own):
            wrong.append(f"{package['name']} {package['version']}: `{expression}` is not allowed by deny.toml")
    wrong += [f"deny.toml allows {license}, which no package needs" for license in sorted(allowed - needed - {"Apache-2.0", "MIT"})]
    print("\n".join(wrong) or f"{len(packages)} packages, all under licenses that deny.toml allows")
    return 1 if wrong else 0


def bundled(name, packages):
    """The version of a C library that a package brings as source, from its header."""
    headers = {"libsqlite3-sys": ("sqlite3/sqlite3.h", r'#define SQLITE_VERSION\s+"([\d.]+)"')}
    path, pattern = headers[name]
    folder = next((Path(p["manifest_path"]).parent for p in packages if p["name"] == name), None)
    return folder and re.search(pattern, (folder / path).read_text())[1]


def component(package, checksums, scope):
    name, version = package["name"], package["version"]
    part = {"type": "library", "bom-ref": f"pkg:cargo/{name}@{version}", "name": name, "version": version, "scope": scope}
    if checksum := checksums.get((name, version)):
        part["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    part["licenses"] = [{"expression": spdx(package)}]
    part["purl"] = part["bom-ref"]
    if package["repository"]:
        part["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
    return part


def sbom(program):
    data = metadata("--filter-platform", host())
    packages = {p["id"]: p for p in data["packages"]}
    nodes = {n["id"]: n for n in data["resolve"]["nodes"]}
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    checksums = {(p["name"], p["version"]): p.get("checksum") for p in lock}
    root = data["resolve"]["root"]

    def drawn(kinds):
        """Packages that the program draws in by dependencies of these kinds. Metadata knows features of tests too; the tree does not."""
        lines = cargo("tree", "--locked", "--edges", kinds, "--prefix", "none", "--no-dedupe").splitlines()
        names = {tuple(line.split()[:2]) for line in lines if line}
        found = {i for i, p in packages.items() if (p["name"], f"v{p['version']}") in names}
        assert len(found) == len(names), "each package of the tree is one of the metadata"
        return found - {root}

    linked, built = drawn("normal"), drawn("normal,build")
    parts = [component(packages[i], checksums, "required" if i in linked else "excluded") for i in built]
    parts.append({"type": "library", "bom-ref": "sqlite", "name": "sqlite", "version": bundled("libsqlite3-sys", data["packages"]),
                  "scope": "required", "licenses": [{"license": {"name": "Public Domain"}}],
                  "description": "C source inside the package libsqlite3-sys"})
    for name, license, about in [
        ("patella-knowledge", "CC-BY-4.0", "knowledge/: cards, red flags, tips, phrases, replies"),
        ("patella-encoder", "Apache-2.0", "model/: weights, made from all-MiniLM-L6-v2; model/README.md is its card"),
    ]:
        parts.append({"type": "machine-learning-model" if name.endswith("encoder") else "data", "bom-ref": name, "name": name,
                      "scope": "required", "licenses": [{"license": {"id": license}}], "description": about})
    parts.append({"type": "data", "bom-ref": "scowl", "name": "scowl", "scope": "required",
                  "licenses": [{"license": {"name": "SCOWL, src/text/english.LICENSE"}}], "description": "src/text/english.txt: English words"})
    parts.sort(key=lambda p: p["bom-ref"])

    def ref(i):
        return "patella" if i == root else f"pkg:cargo/{packages[i]['name']}@{packages[i]['version']}"

    links = []
    for i in [root, *built]:
        on = {ref(d["pkg"]) for d in nodes[i]["deps"] if d["pkg"] in built and any(k["kind"] != "dev" for k in d["dep_kinds"])}
        if i == root:
            on |= {p["bom-ref"] for p in parts if p["type"] != "library"}
        if packages[i]["name"] == "libsqlite3-sys":
            on.add("sqlite")
        links.append({"ref": ref(i), "dependsOn": sorted(on)})
    links.sort(key=lambda l: l["ref"])
    own = packages[root]
    rustc = subprocess.check_output(["rustc", "--version"], text=True).strip()
    bom = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": "patella", "name": "patella", "version": own["version"], "description": own["description"],
                "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(Path(program).read_bytes()).hexdigest()}],
                "licenses": [{"expression": "(MIT OR Apache-2.0) AND CC-BY-4.0"}],
            },
            "properties": [{"name": "patella:rustc", "value": rustc}, {"name": "patella:target", "value": host()}],
        },
        "components": parts, "dependencies": links,
    }
    bom["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(bom, sort_keys=True)).urn
    json.dump(bom, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["licenses"]:
            sys.exit(check_licenses())
        case ["sbom", program]:
            sys.exit(sbom(program))
        case _:
            sys.exit(__doc__)
