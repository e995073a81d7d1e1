"""Where pods get their images from: built here, or by the digests that were built before."""

from components.images.args import ImagesArgs
from components.images.component import Images

__all__ = ["Images", "ImagesArgs"]
