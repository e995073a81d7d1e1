"""The only generator of secrets, and who may read which."""

from components.credentials.args import CredentialsArgs
from components.credentials.component import Credentials
from components.credentials.matrix import matrix

__all__ = ["Credentials", "CredentialsArgs", "matrix"]
