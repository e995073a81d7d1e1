"""The embedded default: a real cluster, a builder of images and an engine on one machine."""
