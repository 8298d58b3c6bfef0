"""Keys and certificates of a test's own authority, made by openssl."""

import pathlib
import subprocess

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*arguments, folder):
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")


class Authority:
    """FOLDER/ca.pem, and NAME.pem with NAME.key for whom it vouches."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        openssl("req", "-x509", *NEW_KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30", "-subj", "/CN=test",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", folder=folder)

    def server(self, name, *addresses):
        names = ",".join(f"IP:{one}" if one[0].isdigit() else f"DNS:{one}" for one in addresses)
        self._sign(name, f"/CN={name}", f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")

    def client(self, name, user, groups=()):
        """For Kubernetes a user's groups are the organizations of his certificate."""
        self._sign(name, "".join(f"/O={group}" for group in groups) + f"/CN={user}", "extendedKeyUsage=clientAuth\n")

    def _sign(self, name, subject, extensions):
        (self.folder / f"{name}.ext").write_text(extensions)
        openssl("req", *NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject, folder=self.folder)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "30",
                "-extfile", f"{name}.ext", "-out", f"{name}.pem", folder=self.folder)
