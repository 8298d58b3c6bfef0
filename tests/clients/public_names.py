"""The simulator under Azure's own names, for clients that know them by heart."""

import contextlib
import os
import urllib.parse

from azsim import CLIENT, SECRET, TENANT, Azsim
from connect_proxy import ConnectProxy

AS_THE_APPLICATION = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT, "AZURE_CLIENT_SECRET": SECRET}


@contextlib.contextmanager
def azure(*options, files=None):
    """Azsim and the proxy that leads to it; the environment has the application's credentials meanwhile."""
    with Azsim(["--public-names", *options], files) as azsim, ConnectProxy(urllib.parse.urlsplit(azsim.url).port) as proxy:
        os.environ.update(AS_THE_APPLICATION)
        yield azsim, proxy
