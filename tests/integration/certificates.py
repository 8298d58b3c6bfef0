"""Keys and certificates of a test's own authority, made by openssl: NAME.pem and NAME.key in a folder that has ca.pem
and ca.key."""

import subprocess

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(folder, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")


def authority(folder):
    openssl(folder, "req", "-x509", *NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=test",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def server(folder, name):
    """For loopback."""
    _sign(folder, name, f"/CN={name}", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")


def client(folder, name, user, groups):
    """For Kubernetes a user's groups are the organizations of his certificate."""
    _sign(folder, name, "".join(f"/O={group}" for group in groups) + f"/CN={user}", "extendedKeyUsage=clientAuth\n")


def _sign(folder, name, subject, extensions):
    (folder / f"{name}.ext").write_text(extensions)
    openssl(folder, "req", *NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "30", "-extfile",
            f"{name}.ext", "-out", f"{name}.pem")
