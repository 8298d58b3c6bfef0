"""An image of this machine's Python, as `ctr images import` takes it: no registry is asked for one."""

import hashlib
import io
import json
import pathlib
import re
import shutil
import subprocess
import tarfile

PROGRAMS = ("/bin/sh", "/bin/cp", "/bin/mkdir", "/bin/sleep", "/usr/bin/python3")
LIBRARY = pathlib.Path("/usr/lib") / pathlib.Path(shutil.which("python3", path="/usr/bin")).resolve().name
LEFT_OUT = re.compile(r"/(__pycache__|test|tests|idlelib|lib2to3|tkinter|ensurepip|pydoc_data|config-[^/]*)(/|$)")


def _libraries(files):
    """The shared ones that the files need."""
    said = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"(?:^|\s)(/\S+) \(0x", said))


def _layer():
    """The bytes of a tar of the files."""
    modules = [str(path) for path in LIBRARY.rglob("*.so")]
    bytes_ = io.BytesIO()
    with tarfile.open(fileobj=bytes_, mode="w", dereference=True) as tar:
        for path in (*PROGRAMS, *sorted(_libraries([*PROGRAMS, *modules]))):
            tar.add(path)
        tar.add(LIBRARY, filter=lambda entry: None if LEFT_OUT.search("/" + entry.name) else entry)
        folder = tarfile.TarInfo("tmp")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
        tar.addfile(folder)
    return bytes_.getvalue()


def write(archive, images):
    """`images`: the commands by name, of one layer."""
    layer = _layer()
    digest = hashlib.sha256(layer).hexdigest()
    files, manifest = {"layer.tar": layer}, []
    for name, command in images.items():
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": command, "Env": ["PATH=/usr/bin:/bin"]},
                             "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}).encode()
        file = hashlib.sha256(config).hexdigest() + ".json"
        files[file] = config
        manifest.append({"Config": file, "RepoTags": [name], "Layers": ["layer.tar"]})
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(archive, "w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
