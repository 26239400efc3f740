"""Stands in for adlfs: blobs are files of a folder, and only somebody who has logged in gets at them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem

URL = re.compile(r"abfs://([^@/]+)@([^./]+)\.dfs\.core\.windows\.net/?(.*)")


class AzureBlobFileSystem(LocalFileSystem):
    """The containers that the stand-in of Terraform has made."""

    protocol = ("abfs",)

    def __init__(self, **options: Any) -> None:
        super().__init__(auto_mkdir=True, **options)
        if os.environ.get("AZURE_STORAGE_ANON") != "false" or os.environ.get("AZURE_TOKEN_CREDENTIALS") != "dev":
            raise OSError("Public access is not permitted on this storage account.")
        if not os.environ.get("ACTING_CLIENT"):
            raise OSError("Please run 'az login' to set up an account")

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        found = URL.fullmatch(str(path))
        if found is None:
            return super()._strip_protocol(path)
        container = Path(os.environ["ACTING_AZURE"]) / found[2] / found[1]
        if not container.is_dir():
            raise OSError("The specified container does not exist.")
        return str(container / found[3]).rstrip("/")
