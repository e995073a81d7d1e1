"""Images: a reference by digest for every image that pods run."""

import pulumi
import pulumi_docker as docker

from components.contract.base import PlatformComponent
from components.contract.images import ImageRefs
from components.images.args import ImagesArgs
from components.images.catalogue import NAMES, Entry, locked, overridden, read_catalogue, read_lock, unneeded


class Images(PlatformComponent):
    """Where pods get their images from.

    Creates, where the stack builds, a Docker provider and one image per entry of the catalogue that some pod of it
    runs, pushed to the stack's registry; otherwise nothing: then the references are plain text from the lock, so that policies and reviews see
    them. A reference that the stack gives itself wins over both.

    Does not handle: signing, and mirroring to a second registry.

    Attributes:
        references: one by digest for each image, empty for one that is built nowhere and run by nobody.
    """

    TOKEN = "airflow-platform:images:Images"  # noqa: S105
    OUTPUTS = ("references",)

    def __init__(self, name: str, args: ImagesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        try:
            found = (
                self._built() if args.settings.images.build else locked(args.settings.images, read_lock(args.folder))
            )
        except ValueError as error:
            raise pulumi.RunError(str(error)) from None
        self.references = ImageRefs(**{image.replace("-", "_"): found[image] for image in NAMES})
        self.finish()

    def _built(self) -> dict[str, pulumi.Input[str]]:
        given = overridden(self._args.settings.images)
        provider = docker.Provider(self.child_name("docker"), opts=self.child_opts())
        catalogue = read_catalogue(self._args.folder)
        unused = unneeded(self._args.settings)
        return {
            image: given.get(image) or ("" if image in unused else self._image(catalogue[image], provider))
            for image in NAMES
        }

    def _image(self, entry: Entry, provider: docker.Provider) -> pulumi.Output[str]:
        settings = self._args.settings.images
        image = docker.Image(
            self.child_name(entry.name),
            image_name=f"{settings.registry}/{entry.name}:{entry.version}",
            build=docker.DockerBuildArgs(
                context=entry.context, dockerfile=entry.dockerfile, args={"BASE": settings.base}
            ),
            opts=pulumi.ResourceOptions.merge(self.child_opts(), pulumi.ResourceOptions(provider=provider)),
        )
        return image.repo_digest
