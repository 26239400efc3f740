"""What tests of jobs share."""

from s3_server import s3_endpoint  # noqa: F401
