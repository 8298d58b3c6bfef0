"""Kubeconfigs for more than the administrator, from the folder of a control plane ($TRAINYARD_API_SERVER)."""

import base64
import json
import pathlib

import certificates


def for_user(folder, user, groups=()):
    """One whom a client certificate names. Returns the file, USER.kubeconfig."""
    folder = pathlib.Path(folder)
    certificates.client(folder, user, user, groups)
    return _write(folder, user, {"client-certificate-data": _base64(folder / f"{user}.pem"),
                                 "client-key-data": _base64(folder / f"{user}.key")})


def for_token(folder, name, token):
    """Whoever the token says, such as a service account. Returns the file, NAME.kubeconfig."""
    return _write(pathlib.Path(folder), name, {"token": token})


def _write(folder, name, credential):
    cluster = {"server": (folder / "server").read_text(), "certificate-authority-data": _base64(folder / "ca.pem")}
    config = {"apiVersion": "v1", "kind": "Config", "current-context": "test",
              "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
              "clusters": [{"name": "test", "cluster": cluster}], "users": [{"name": name, "user": credential}]}
    path = folder / f"{name}.kubeconfig"
    path.write_text(json.dumps(config))
    return path


def _base64(file):
    return base64.b64encode(file.read_bytes()).decode()
